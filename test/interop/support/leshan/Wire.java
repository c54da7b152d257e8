import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Between a test and a Leshan server: commands come in on standard input, a line each, as
 * {@code 42 read ep=lamp path=%2F3311%2F0}; answers (with that number) and events go out on standard output, a JSON
 * object a line.
 */
public final class Wire {

    /** Carries out one command. What it throws is told to the test. */
    public interface Server {
        Map<String, Object> run(String verb, Command command) throws Exception;
    }

    /** The fields of a command; some may be there several times. */
    public static final class Command {
        private final Map<String, List<String>> fields = new LinkedHashMap<>();

        /** @param words of which the first that is looked at is number {@code from} */
        public static Command of(String[] words, int from) {
            Command command = new Command();
            for (int i = from; i < words.length; i++) {
                int equals = words[i].indexOf('=');
                String text = URLDecoder.decode(words[i].substring(equals + 1), StandardCharsets.UTF_8);
                command.fields.computeIfAbsent(words[i].substring(0, equals), name -> new ArrayList<>()).add(text);
            }
            return command;
        }

        public List<String> all(String name) {
            return fields.getOrDefault(name, List.of());
        }

        /** Null if it is not there. */
        public String one(String name) {
            List<String> values = all(name);
            return values.isEmpty() ? null : values.get(0);
        }

        public Integer number(String name) {
            String text = one(name);
            return text == null ? null : Integer.valueOf(text);
        }
    }

    /** A value on its way to the client: its path, its type as Leshan names it, and its text. */
    public static final class Value {
        public final String path;
        public final String type;
        public final String text;

        private Value(String field) {
            String[] parts = field.split("\\|", 3);
            path = parts[0];
            type = parts[1];
            text = parts[2];
        }

        public static List<Value> of(Command command) {
            List<Value> values = new ArrayList<>();
            for (String field : command.all("value"))
                values.add(new Value(field));
            return values;
        }

        /** The last number of the path. */
        public int id() {
            return Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
        }
    }

    private final PrintStream out = System.out;
    private final ExecutorService workers = Executors.newCachedThreadPool();

    public Wire() {
        // Whatever a library prints must not end up between our lines.
        System.setOut(System.err);
    }

    /** Serves until standard input ends: a server never outlives its test. */
    public void serve(Server server) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.trim().split(" ");
            if (words.length >= 2)
                workers.execute(() -> answer(server, words));
        }
        System.exit(0);
    }

    public void event(String name, Map<String, Object> about) {
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("event", name);
        event.putAll(about);
        say(event);
    }

    private void answer(Server server, String[] words) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("id", Long.valueOf(words[0]));
        try {
            answer.putAll(server.run(words[1], Command.of(words, 2)));
        } catch (Throwable failure) {
            answer.put("failed", failure.getClass().getSimpleName() + ": " + failure.getMessage());
        }
        say(answer);
    }

    private void say(Map<String, Object> what) {
        StringBuilder json = new StringBuilder();
        write(json, what);
        byte[] line = json.append('\n').toString().getBytes(StandardCharsets.UTF_8);
        synchronized (out) {
            out.write(line, 0, line.length);
            out.flush();
        }
    }

    private static void write(StringBuilder json, Object value) {
        if (value == null || value instanceof Boolean || value instanceof Number && !isLong(value))
            json.append(value);
        else if (value instanceof Date)
            json.append("{\"time\":").append(((Date) value).getTime() / 1000).append('}');
        else if (value instanceof byte[])
            writeBytes(json, (byte[]) value);
        else if (value instanceof Map)
            writeMap(json, (Map<?, ?>) value);
        else if (value instanceof Collection)
            writeAll(json, (Collection<?>) value);
        else
            writeText(json, value.toString());
    }

    /** Beyond 2^53 a number of JSON is not exact everywhere: such a one goes as text. */
    private static boolean isLong(Object number) {
        return !(number instanceof Double) && number.toString().length() > 15;
    }

    private static void writeMap(StringBuilder json, Map<?, ?> map) {
        String before = "{";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            json.append(before);
            writeText(json, String.valueOf(entry.getKey()));
            json.append(':');
            write(json, entry.getValue());
            before = ",";
        }
        json.append(map.isEmpty() ? "{}" : "}");
    }

    private static void writeAll(StringBuilder json, Collection<?> values) {
        String before = "[";
        for (Object value : values) {
            write(json.append(before), value);
            before = ",";
        }
        json.append(values.isEmpty() ? "[]" : "]");
    }

    private static void writeBytes(StringBuilder json, byte[] bytes) {
        json.append("{\"hex\":\"");
        for (byte each : bytes)
            json.append(String.format("%02x", each));
        json.append("\"}");
    }

    private static void writeText(StringBuilder json, String text) {
        json.append('"');
        for (char each : text.toCharArray())
            if (each < ' ' || each == '"' || each == '\\')
                json.append(String.format("\\u%04x", (int) each));
            else
                json.append(each);
        json.append('"');
    }
}
