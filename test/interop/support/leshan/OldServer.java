import java.io.File;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.californium.core.coap.Message;
import org.eclipse.leshan.core.Link;
import org.eclipse.leshan.core.attributes.AttributeSet;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.model.ResourceModel.Type;
import org.eclipse.leshan.core.node.LwM2mNode;
import org.eclipse.leshan.core.node.LwM2mObject;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.node.ObjectLink;
import org.eclipse.leshan.core.node.TimestampedLwM2mNode;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.CreateRequest;
import org.eclipse.leshan.core.request.DeleteRequest;
import org.eclipse.leshan.core.request.DiscoverRequest;
import org.eclipse.leshan.core.request.DownlinkRequest;
import org.eclipse.leshan.core.request.ExecuteRequest;
import org.eclipse.leshan.core.request.ObserveRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.request.WriteAttributesRequest;
import org.eclipse.leshan.core.request.WriteRequest;
import org.eclipse.leshan.core.request.WriteRequest.Mode;
import org.eclipse.leshan.core.response.CreateResponse;
import org.eclipse.leshan.core.response.DiscoverResponse;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.core.response.ObserveResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.server.californium.LeshanServer;
import org.eclipse.leshan.server.californium.LeshanServerBuilder;
import org.eclipse.leshan.server.model.VersionedModelProvider;
import org.eclipse.leshan.server.observation.ObservationListener;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.server.registration.RegistrationListener;
import org.eclipse.leshan.server.registration.RegistrationUpdate;

/** A Leshan 1 server, which speaks LwM2M 1.0, on loopback: {@code OldServer port modelsFolder}. */
public final class OldServer implements Wire.Server {
    private final Wire wire = new Wire();
    private final LeshanServer server;

    private OldServer(int port, File models) {
        List<ObjectModel> objects = ObjectLoader.loadDefault();
        objects.addAll(ObjectLoader.loadObjectsFromDir(models));
        LeshanServerBuilder builder = new LeshanServerBuilder();
        builder.setLocalAddress("127.0.0.1", port);
        builder.disableSecuredEndpoint();
        builder.setObjectModelProvider(new VersionedModelProvider(objects));
        server = builder.build();
    }

    public static void main(String[] args) throws Exception {
        OldServer peer = new OldServer(Integer.parseInt(args[0]), new File(args[1]));
        peer.server.getRegistrationService().addListener(peer.new Registrations());
        peer.server.getObservationService().addListener(peer.new Observations());
        peer.server.start();
        peer.wire.event("ready", Map.of("port", Integer.valueOf(args[0])));
        peer.wire.serve(peer);
    }

    @Override
    public Map<String, Object> run(String verb, Wire.Command command) throws Exception {
        Registration client = server.getRegistrationService().getByEndpoint(command.one("ep"));
        if (client == null)
            throw new IllegalArgumentException(command.one("ep") + " is not registered");
        String path = command.one("path");
        if (verb.equals("forget"))
            return Map.of("cancelled", server.getObservationService().cancelObservations(client));
        LwM2mResponse response = server.send(client, request(verb, path, command), 10_000);
        if (response == null)
            return Map.of("failed", "no answer");
        Map<String, Object> answer = about(response);
        contents(answer, response, new LwM2mPath(path));
        return answer;
    }

    private static DownlinkRequest<? extends LwM2mResponse> request(String verb, String path, Wire.Command command) {
        ContentFormat format = command.one("format") == null ? null : ContentFormat.fromName(command.one("format"));
        List<Wire.Value> values = Wire.Value.of(command);
        switch (verb) {
        case "read":
            return new ReadRequest(format, path);
        case "observe":
            return new ObserveRequest(format, path);
        case "discover":
            return new DiscoverRequest(path);
        case "execute":
            return new ExecuteRequest(path, command.one("args"));
        case "delete":
            return new DeleteRequest(path);
        case "attributes":
            return new WriteAttributesRequest(path, AttributeSet.parse(String.join("&", command.all("attribute"))));
        case "write":
            return new WriteRequest(Mode.valueOf(command.one("mode")), format, path, node(path, values));
        case "create":
            return command.number("instance") == null ? new CreateRequest(format, path, resources(values))
                    : new CreateRequest(format, path, new LwM2mObjectInstance(command.number("instance"), resources(values)));
        default:
            throw new IllegalArgumentException("no such command in LwM2M 1.0: " + verb);
        }
    }

    private static LwM2mNode node(String at, List<Wire.Value> values) {
        LwM2mPath path = new LwM2mPath(at);
        return path.isResource() ? resource(values.get(0))
                : new LwM2mObjectInstance(path.getObjectInstanceId(), resources(values));
    }

    private static List<LwM2mResource> resources(List<Wire.Value> values) {
        List<LwM2mResource> resources = new ArrayList<>();
        for (Wire.Value each : values)
            resources.add(resource(each));
        return resources;
    }

    private static LwM2mResource resource(Wire.Value each) {
        Type type = Type.valueOf(each.type);
        return LwM2mSingleResource.newResource(each.id(), value(type, each.text), type);
    }

    private static Object value(Type type, String text) {
        switch (type) {
        case INTEGER:
            return Long.valueOf(text);
        case FLOAT:
            return Double.valueOf(text);
        case BOOLEAN:
            return Boolean.valueOf(text);
        case TIME:
            return new Date(Long.parseLong(text) * 1000);
        case OPAQUE:
            return java.util.HexFormat.of().parseHex(text);
        case OBJLNK:
            String[] ids = text.split(":");
            return new ObjectLink(Integer.parseInt(ids[0]), Integer.parseInt(ids[1]));
        default:
            return text;
        }
    }

    private static Map<String, Object> about(LwM2mResponse response) {
        Map<String, Object> about = new LinkedHashMap<>();
        int code = response.getCode().getCode();
        about.put("code", String.format("%d.%02d", code / 100, code % 100));
        about.put("error", response.getErrorMessage());
        Message message = (Message) response.getCoapResponse();
        about.put("type", message.getType());
        about.put("format", message.getOptions().hasContentFormat() ? message.getOptions().getContentFormat() : null);
        about.put("observe", message.getOptions().getObserve());
        return about;
    }

    private static void contents(Map<String, Object> answer, LwM2mResponse response, LwM2mPath path) {
        if (response instanceof ReadResponse && ((ReadResponse) response).getContent() != null)
            answer.put("values", flat(path, ((ReadResponse) response).getContent()));
        if (response instanceof ObserveResponse && ((ObserveResponse) response).getTimestampedLwM2mNode() != null)
            answer.put("times", timed(path, ((ObserveResponse) response).getTimestampedLwM2mNode()));
        if (response instanceof DiscoverResponse && response.isSuccess())
            answer.put("links", links(((DiscoverResponse) response).getObjectLinks()));
        if (response instanceof CreateResponse)
            answer.put("location", ((CreateResponse) response).getLocation());
    }

    private static List<Map<String, Object>> timed(LwM2mPath path, List<TimestampedLwM2mNode> nodes) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (TimestampedLwM2mNode each : nodes) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("at", each.getTimestamp());
            entry.put("values", flat(path, each.getNode()));
            all.add(entry);
        }
        return all;
    }

    private static Map<String, Object> flat(LwM2mPath path, LwM2mNode node) {
        Map<String, Object> values = new LinkedHashMap<>();
        flatten(values, path, node);
        return values;
    }

    private static void flatten(Map<String, Object> values, LwM2mPath path, LwM2mNode node) {
        if (node instanceof LwM2mObject)
            ((LwM2mObject) node).getInstances().forEach((id, each) -> flatten(values, path.append(id), each));
        else if (node instanceof LwM2mObjectInstance)
            ((LwM2mObjectInstance) node).getResources().forEach((id, each) -> flatten(values, path.append(id), each));
        else if (node instanceof LwM2mResource && ((LwM2mResource) node).isMultiInstances())
            ((LwM2mResource) node).getValues().forEach((id, each) -> values.put(path.append(id).toString(), each));
        else
            values.put(path.toString(), ((LwM2mResource) node).getValue());
    }

    private static List<String> links(Link[] links) {
        List<String> all = new ArrayList<>();
        for (Link link : links)
            all.add(Link.serialize(link));
        return all;
    }

    private static Map<String, Object> about(Registration client) {
        Map<String, Object> about = new LinkedHashMap<>();
        about.put("ep", client.getEndpoint());
        about.put("registration", client.getId());
        about.put("version", client.getLwM2mVersion());
        about.put("lifetime", client.getLifeTimeInSec());
        about.put("binding", List.of(client.getBindingMode().name()));
        about.put("root", client.getRootPath());
        about.put("port", client.getPort());
        about.put("links", links(client.getSortedObjectLinks()));
        return about;
    }

    private final class Registrations implements RegistrationListener {
        @Override
        public void registered(Registration client, Registration before, Collection<Observation> observations) {
            wire.event("registered", about(client));
        }

        @Override
        public void updated(RegistrationUpdate update, Registration client, Registration before) {
            Map<String, Object> about = about(client);
            about.put("withLinks", update.getObjectLinks() != null);
            about.put("withLifetime", update.getLifeTimeInSec() != null);
            wire.event("updated", about);
        }

        @Override
        public void unregistered(Registration client, Collection<Observation> observations, boolean expired,
                Registration next) {
            Map<String, Object> about = about(client);
            about.put("expired", expired);
            wire.event("unregistered", about);
        }
    }

    private final class Observations implements ObservationListener {
        @Override
        public void newObservation(Observation observation, Registration client) {
            wire.event("observing", Map.of("ep", client.getEndpoint(), "paths", paths(observation)));
        }

        @Override
        public void cancelled(Observation observation) {
            wire.event("cancelled", Map.of("registration", observation.getRegistrationId(), "paths", paths(observation)));
        }

        @Override
        public void onResponse(Observation observation, Registration client, ObserveResponse response) {
            Map<String, Object> about = about(response);
            about.put("ep", client.getEndpoint());
            about.put("paths", paths(observation));
            contents(about, response, observation.getPath());
            wire.event("notified", about);
        }

        @Override
        public void onError(Observation observation, Registration client, Exception error) {
            wire.event("unreadable", Map.of("ep", client == null ? "" : client.getEndpoint(), "paths", paths(observation),
                    "error", String.valueOf(error.getMessage())));
        }

        private List<String> paths(Observation observation) {
            return List.of(observation.getPath().toString());
        }
    }
}
