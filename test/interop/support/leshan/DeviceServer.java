import java.io.File;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.coap.Message;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.core.link.DefaultLinkSerializer;
import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.link.lwm2m.attributes.DefaultLwM2mAttributeParser;
import org.eclipse.leshan.core.link.lwm2m.attributes.LwM2mAttributeSet;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.node.LwM2mNode;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.node.TimestampedLwM2mNodes;
import org.eclipse.leshan.core.observation.CompositeObservation;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.core.observation.SingleObservation;
import org.eclipse.leshan.core.request.CancelCompositeObservationRequest;
import org.eclipse.leshan.core.request.CancelObservationRequest;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.CreateRequest;
import org.eclipse.leshan.core.request.DeleteRequest;
import org.eclipse.leshan.core.request.DiscoverRequest;
import org.eclipse.leshan.core.request.DownlinkDeviceManagementRequest;
import org.eclipse.leshan.core.request.ExecuteRequest;
import org.eclipse.leshan.core.request.ObserveCompositeRequest;
import org.eclipse.leshan.core.request.ObserveRequest;
import org.eclipse.leshan.core.request.ReadCompositeRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.request.SendRequest;
import org.eclipse.leshan.core.request.WriteAttributesRequest;
import org.eclipse.leshan.core.request.WriteCompositeRequest;
import org.eclipse.leshan.core.request.WriteRequest;
import org.eclipse.leshan.core.request.WriteRequest.Mode;
import org.eclipse.leshan.core.response.CreateResponse;
import org.eclipse.leshan.core.response.DiscoverResponse;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.core.response.ObserveCompositeResponse;
import org.eclipse.leshan.core.response.ObserveResponse;
import org.eclipse.leshan.core.response.ReadCompositeResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.server.model.VersionedModelProvider;
import org.eclipse.leshan.server.observation.ObservationListener;
import org.eclipse.leshan.server.queue.PresenceListener;
import org.eclipse.leshan.server.queue.StaticClientAwakeTimeProvider;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.server.registration.RegistrationListener;
import org.eclipse.leshan.server.registration.RegistrationUpdate;
import org.eclipse.leshan.server.request.LowerLayerConfig;
import org.eclipse.leshan.server.send.SendListener;
import org.eclipse.leshan.transport.californium.server.endpoint.CaliforniumServerEndpointsProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coap.CoapServerProtocolProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coaps.CoapsServerProtocolProvider;

/**
 * A Leshan 2 server on loopback: {@code DeviceServer port modelsFolder awakeMs [securePort cidLength keysFolder]}. With the
 * last three it listens for DTLS as well.
 */
public final class DeviceServer implements Wire.Server {
    private static final Map<String, Object> DONE = Map.of();

    private final Wire wire = new Wire();
    private final Secured secured = new Secured();
    private final LeshanServer server;

    private DeviceServer(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]);
        File models = new File(args[1]);
        boolean overDtls = args.length > 3;
        List<ObjectModel> objects = ObjectLoader.loadAllDefault();
        objects.addAll(ObjectLoader.loadObjectsFromDir(models));
        CaliforniumServerEndpointsProvider.Builder endpoints = new CaliforniumServerEndpointsProvider.Builder(
                new CoapServerProtocolProvider(), new CoapsServerProtocolProvider());
        endpoints.setConfiguration(config -> {
            config.set(CoapConfig.PREFERRED_BLOCK_SIZE, 512);
            // Nothing is far away here: what was lost on purpose is repeated soon.
            config.set(CoapConfig.ACK_TIMEOUT, 500, TimeUnit.MILLISECONDS);
            if (overDtls)
                Secured.configure(config, Integer.parseInt(args[4]));
        });
        endpoints.addEndpoint(new InetSocketAddress("127.0.0.1", port), Protocol.COAP);
        LeshanServerBuilder builder = new LeshanServerBuilder();
        if (overDtls) {
            endpoints.addEndpoint(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[3])), Protocol.COAPS);
            secured.prove(builder, new File(args[5]).toPath());
        }
        builder.setObjectModelProvider(new VersionedModelProvider(objects));
        builder.setEndpointsProviders(endpoints.build());
        builder.setClientAwakeTimeProvider(new StaticClientAwakeTimeProvider(Integer.parseInt(args[2])));
        // Whoever notifies or sends is awake; by itself, Leshan concludes that from an Update alone.
        builder.setUpdateRegistrationOnNotification(true);
        builder.setUpdateRegistrationOnSend(true);
        server = builder.build();
    }

    public static void main(String[] args) throws Exception {
        DeviceServer peer = new DeviceServer(args);
        peer.listen();
        peer.server.start();
        peer.wire.event("ready", Map.of("port", Integer.valueOf(args[0])));
        peer.wire.serve(peer);
    }

    @Override
    public Map<String, Object> run(String verb, Wire.Command command) throws Exception {
        switch (verb) {
        case "stop":
            server.stop();
            return DONE;
        case "start":
            server.start();
            return DONE;
        case "trust":
            secured.trust(command);
            return DONE;
        case "observations":
            return Map.of("observations", observations(client(command)));
        case "forget":
            return Map.of("cancelled", server.getObservationService().cancelObservations(client(command)));
        default:
            Registration client = client(command);
            DownlinkDeviceManagementRequest<? extends LwM2mResponse> request = request(verb, command, client);
            return answer(request, command, client);
        }
    }

    private Registration client(Wire.Command command) {
        Registration client = server.getRegistrationService().getByEndpoint(command.one("ep"));
        if (client == null)
            throw new IllegalArgumentException(command.one("ep") + " is not registered");
        return client;
    }

    private DownlinkDeviceManagementRequest<? extends LwM2mResponse> request(String verb, Wire.Command command,
            Registration client) throws Exception {
        String path = command.one("path");
        ContentFormat format = format(command.one("format"));
        ContentFormat pathFormat = format(command.one("pathFormat"));
        switch (verb) {
        case "read":
            return new ReadRequest(format, path);
        case "observe":
            return new ObserveRequest(format, path);
        case "cancel":
            return new CancelObservationRequest((SingleObservation) observation(client, path));
        case "discover":
            return new DiscoverRequest(path);
        case "execute":
            return new ExecuteRequest(path, command.one("args"));
        case "delete":
            return new DeleteRequest(path);
        case "attributes":
            return new WriteAttributesRequest(path, new LwM2mAttributeSet(
                    new DefaultLwM2mAttributeParser().parseUriQuery(String.join("&", command.all("attribute")))));
        case "write":
            return new WriteRequest(Mode.valueOf(command.one("mode")), format, path,
                    Nodes.node(new LwM2mPath(path), Wire.Value.of(command)));
        case "create":
            return create(path, format, command);
        case "readComposite":
            return new ReadCompositeRequest(pathFormat, format, command.all("at"));
        case "observeComposite":
            return new ObserveCompositeRequest(pathFormat, format, command.all("at").toArray(new String[0]));
        case "cancelComposite":
            return new CancelCompositeObservationRequest((CompositeObservation) observation(client, null));
        case "writeComposite":
            return new WriteCompositeRequest(format, nodes(command), null);
        default:
            throw new IllegalArgumentException("no such command: " + verb);
        }
    }

    private static ContentFormat format(String name) {
        return name == null ? null : ContentFormat.fromName(name);
    }

    /** Of a certain Instance, or of one whose number the client chooses. */
    private static CreateRequest create(String path, ContentFormat format, Wire.Command command) throws Exception {
        List<LwM2mResource> resources = Nodes.resources(Wire.Value.of(command));
        Integer instance = command.number("instance");
        if (instance == null)
            return new CreateRequest(format, path, resources);
        return new CreateRequest(format, path, new LwM2mObjectInstance(instance, resources));
    }

    private static Map<LwM2mPath, LwM2mNode> nodes(Wire.Command command) throws Exception {
        Map<LwM2mPath, LwM2mNode> nodes = new LinkedHashMap<>();
        for (Wire.Value value : Wire.Value.of(command)) {
            LwM2mPath path = new LwM2mPath(value.path);
            nodes.put(path, Nodes.node(path, List.of(value)));
        }
        return nodes;
    }

    /** The observation of a path, or the composite one if no path is given. */
    private Observation observation(Registration client, String path) {
        for (Observation each : server.getObservationService().getObservations(client))
            if (path == null ? each instanceof CompositeObservation
                    : each instanceof SingleObservation && ((SingleObservation) each).getPath().toString().equals(path))
                return each;
        throw new IllegalArgumentException("nobody observes " + path);
    }

    private List<Object> observations(Registration client) {
        List<Object> all = new ArrayList<>();
        for (Observation each : server.getObservationService().getObservations(client))
            all.add(paths(each));
        return all;
    }

    private static List<String> paths(Observation observation) {
        List<String> paths = new ArrayList<>();
        if (observation instanceof SingleObservation)
            paths.add(((SingleObservation) observation).getPath().toString());
        else
            for (LwM2mPath path : ((CompositeObservation) observation).getPaths())
                paths.add(path.toString());
        return paths;
    }

    private <T extends LwM2mResponse> Map<String, Object> answer(DownlinkDeviceManagementRequest<T> request,
            Wire.Command command, Registration client) throws Exception {
        Integer timeout = command.number("timeout");
        // What Leshan's own requests cannot say: attributes in an Observe, a depth in a Discover.
        LowerLayerConfig queries = lower -> {
            for (String query : command.all("query"))
                ((Request) lower).getOptions().addUriQuery(query);
        };
        T response = server.send(client, request, queries, timeout == null ? 10_000 : timeout);
        if (response == null)
            return Map.of("failed", "no answer");
        Map<String, Object> answer = about(response);
        String path = command.one("path");
        contents(answer, response, path == null ? null : new LwM2mPath(path));
        if (cancels(request) && response.isSuccess())
            server.getObservationService().cancelObservation(cancelled(request));
        return answer;
    }

    private static boolean cancels(DownlinkDeviceManagementRequest<?> request) {
        return request instanceof CancelObservationRequest || request instanceof CancelCompositeObservationRequest;
    }

    private static Observation cancelled(DownlinkDeviceManagementRequest<?> request) {
        return request instanceof CancelObservationRequest ? ((CancelObservationRequest) request).getObservation()
                : ((CancelCompositeObservationRequest) request).getObservation();
    }

    /** Code, diagnostic text, and how the message travelled. */
    private static Map<String, Object> about(LwM2mResponse response) {
        Map<String, Object> about = new LinkedHashMap<>();
        int code = response.getCode().getCode();
        about.put("code", String.format("%d.%02d", code / 100, code % 100));
        about.put("error", response.getErrorMessage());
        if (response.getCoapResponse() instanceof Message) {
            Message message = (Message) response.getCoapResponse();
            about.put("type", message.getType());
            about.put("format", message.getOptions().hasContentFormat() ? message.getOptions().getContentFormat() : null);
            about.put("observe", message.getOptions().getObserve());
        }
        return about;
    }

    private static void contents(Map<String, Object> answer, LwM2mResponse response, LwM2mPath path) {
        if (response instanceof ObserveCompositeResponse)
            composite(answer, (ObserveCompositeResponse) response, ((ObserveCompositeResponse) response).getTimestampedLwM2mNodes());
        else if (response instanceof ReadCompositeResponse)
            composite(answer, (ReadCompositeResponse) response, ((ReadCompositeResponse) response).getTimestampedLwM2mNode());
        else if (response instanceof ReadResponse)
            single(answer, (ReadResponse) response, path);
        else if (response instanceof DiscoverResponse && response.isSuccess())
            answer.put("links", links(((DiscoverResponse) response).getObjectLinks()));
        else if (response instanceof CreateResponse)
            answer.put("location", ((CreateResponse) response).getLocation());
    }

    private static void single(Map<String, Object> answer, ReadResponse response, LwM2mPath path) {
        if (response.getContent() != null)
            answer.put("values", Nodes.flat(path, response.getContent()));
        if (response instanceof ObserveResponse && ((ObserveResponse) response).getTimestampedLwM2mNodes() != null)
            answer.put("times", Nodes.timed(path, ((ObserveResponse) response).getTimestampedLwM2mNodes()));
        else if (response.getTimestampedLwM2mNode() != null)
            answer.put("times", Nodes.timed(path, List.of(response.getTimestampedLwM2mNode())));
    }

    private static void composite(Map<String, Object> answer, ReadCompositeResponse response,
            TimestampedLwM2mNodes times) {
        answer.put("values", Nodes.flat(response.getContent()));
        if (times != null)
            answer.put("times", Nodes.timed(times));
    }

    private static List<String> links(Link[] links) {
        List<String> all = new ArrayList<>();
        for (Link link : links)
            all.add(new DefaultLinkSerializer().serializeCoreLinkFormat(link));
        return all;
    }

    private static Map<String, Object> about(Registration client) {
        Map<String, Object> about = new LinkedHashMap<>();
        about.put("ep", client.getEndpoint());
        about.put("registration", client.getId());
        about.put("version", client.getLwM2mVersion());
        about.put("lifetime", client.getLifeTimeInSec());
        about.put("binding", client.getBindingMode());
        about.put("queue", client.getQueueMode());
        about.put("root", client.getRootPath());
        about.put("port", client.getPort());
        about.put("links", links(client.getSortedObjectLinks()));
        return about;
    }

    private void listen() {
        server.getRegistrationService().addListener(new Registrations());
        server.getObservationService().addListener(new Observations());
        server.getPresenceService().addListener(new Presence());
        server.getSendService().addListener(new Sends());
    }

    private final class Registrations implements RegistrationListener {
        @Override
        public void registered(Registration client, Registration before, Collection<Observation> observations) {
            Map<String, Object> about = about(client);
            about.put("before", before == null ? null : before.getId());
            wire.event("registered", about);
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
            about.put("replaced", next != null);
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
        public void onResponse(SingleObservation observation, Registration client, ObserveResponse response) {
            notified(observation, client, response, observation.getPath());
        }

        @Override
        public void onResponse(CompositeObservation observation, Registration client,
                ObserveCompositeResponse response) {
            notified(observation, client, response, null);
        }

        private void notified(Observation observation, Registration client, LwM2mResponse response, LwM2mPath path) {
            Map<String, Object> about = about(response);
            about.put("ep", client.getEndpoint());
            about.put("paths", paths(observation));
            contents(about, response, path);
            wire.event("notified", about);
        }

        @Override
        public void onError(Observation observation, Registration client, Exception error) {
            wire.event("unreadable", Map.of("ep", client == null ? "" : client.getEndpoint(), "paths", paths(observation),
                    "error", String.valueOf(error.getMessage())));
        }
    }

    private final class Presence implements PresenceListener {
        @Override
        public void onAwake(Registration client) {
            wire.event("awake", Map.of("ep", client.getEndpoint()));
        }

        @Override
        public void onSleeping(Registration client) {
            wire.event("sleeping", Map.of("ep", client.getEndpoint()));
        }
    }

    private final class Sends implements SendListener {
        @Override
        public void dataReceived(Registration client, TimestampedLwM2mNodes data, SendRequest request) {
            wire.event("sent", Map.of("ep", client.getEndpoint(), "times", Nodes.timed(data)));
        }

        @Override
        public void onError(Registration client, String message, Exception error) {
            wire.event("unsent", Map.of("ep", client == null ? "" : client.getEndpoint(), "error", String.valueOf(message)));
        }
    }
}
