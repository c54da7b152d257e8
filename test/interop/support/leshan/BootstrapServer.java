import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.leshan.core.SecurityMode;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.core.link.DefaultLinkSerializer;
import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.peer.LwM2mPeer;
import org.eclipse.leshan.core.request.BootstrapDeleteRequest;
import org.eclipse.leshan.core.request.BootstrapDiscoverRequest;
import org.eclipse.leshan.core.request.BootstrapDownlinkRequest;
import org.eclipse.leshan.core.request.BootstrapFinishRequest;
import org.eclipse.leshan.core.request.BootstrapReadRequest;
import org.eclipse.leshan.core.request.BootstrapRequest;
import org.eclipse.leshan.core.request.BootstrapWriteRequest;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.response.BootstrapDiscoverResponse;
import org.eclipse.leshan.core.response.BootstrapReadResponse;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.server.bootstrap.BootstrapConfig;
import org.eclipse.leshan.server.bootstrap.BootstrapConfigStoreTaskProvider;
import org.eclipse.leshan.server.bootstrap.BootstrapFailureCause;
import org.eclipse.leshan.server.bootstrap.BootstrapSession;
import org.eclipse.leshan.server.bootstrap.BootstrapSessionListener;
import org.eclipse.leshan.server.bootstrap.BootstrapTaskProvider;
import org.eclipse.leshan.server.bootstrap.LeshanBootstrapServer;
import org.eclipse.leshan.server.bootstrap.LeshanBootstrapServerBuilder;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.CaliforniumBootstrapServerEndpointsProvider;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.coap.CoapBootstrapServerProtocolProvider;
import org.eclipse.leshan.server.model.VersionedBootstrapModelProvider;

/** A Leshan 2 bootstrap server on loopback: {@code BootstrapServer port}. */
public final class BootstrapServer implements Wire.Server, BootstrapTaskProvider {
    private final Wire wire = new Wire();
    private final LeshanBootstrapServer server;
    /** What Leshan itself makes of accounts: with every Resource it knows, those for SMS included. */
    private final Map<String, BootstrapConfig> configs = new ConcurrentHashMap<>();
    /** Requests that a test has spelled out. */
    private final Map<String, List<BootstrapDownlinkRequest<? extends LwM2mResponse>>> plans = new ConcurrentHashMap<>();
    private final BootstrapTaskProvider leshans = new BootstrapConfigStoreTaskProvider(
            session -> configs.get(session.getEndpoint()));

    private BootstrapServer(int port) {
        CaliforniumBootstrapServerEndpointsProvider.Builder endpoints = new CaliforniumBootstrapServerEndpointsProvider.Builder(
                new CoapBootstrapServerProtocolProvider());
        endpoints.addEndpoint(new InetSocketAddress("127.0.0.1", port), Protocol.COAP);
        LeshanBootstrapServerBuilder builder = new LeshanBootstrapServerBuilder();
        builder.setObjectModelProvider(new VersionedBootstrapModelProvider(ObjectLoader.loadAllDefault()));
        builder.setTaskProvider(this);
        builder.setEndpointsProviders(endpoints.build());
        server = builder.build();
    }

    public static void main(String[] args) throws Exception {
        BootstrapServer peer = new BootstrapServer(Integer.parseInt(args[0]));
        peer.server.addListener(peer.new Sessions());
        peer.server.start();
        peer.wire.event("ready", Map.of("port", Integer.valueOf(args[0])));
        peer.wire.serve(peer);
    }

    @Override
    public Map<String, Object> run(String verb, Wire.Command command) throws Exception {
        String endpoint = command.one("ep");
        configs.remove(endpoint);
        plans.remove(endpoint);
        if (verb.equals("config"))
            configs.put(endpoint, config(command));
        else if (verb.equals("plan"))
            plans.put(endpoint, plan(command));
        else
            throw new IllegalArgumentException("no such command: " + verb);
        return Map.of();
    }

    @Override
    public Tasks getTasks(BootstrapSession session, List<LwM2mResponse> previous) {
        List<BootstrapDownlinkRequest<? extends LwM2mResponse>> plan = plans.get(session.getEndpoint());
        if (plan == null)
            return leshans.getTasks(session, previous);
        Tasks tasks = new Tasks();
        tasks.requestsToSend = plan;
        tasks.supportedObjects = Map.of(0, "1.1", 1, "1.1", 2, "1.0");
        return tasks;
    }

    private static BootstrapConfig config(Wire.Command command) {
        BootstrapConfig config = new BootstrapConfig();
        config.autoIdForSecurityObject = "true".equals(command.one("auto"));
        config.contentFormat = format(command);
        config.toDelete.addAll(command.all("delete"));
        int at = 0;
        for (String account : command.all("account")) {
            String[] parts = account.split("\\|");
            BootstrapConfig.ServerSecurity security = new BootstrapConfig.ServerSecurity();
            security.securityMode = SecurityMode.NO_SEC;
            security.serverId = Integer.valueOf(parts[0]);
            security.uri = parts[1];
            config.security.put(at + 1, security);
            BootstrapConfig.ServerConfig server = new BootstrapConfig.ServerConfig();
            server.shortId = security.serverId;
            server.lifetime = Integer.parseInt(parts[2]);
            config.servers.put(at++, server);
        }
        return config;
    }

    private static List<BootstrapDownlinkRequest<? extends LwM2mResponse>> plan(Wire.Command command) throws Exception {
        List<BootstrapDownlinkRequest<? extends LwM2mResponse>> plan = new ArrayList<>();
        for (String step : command.all("step")) {
            String verb = step.substring(0, step.indexOf('|'));
            String path = step.substring(step.indexOf('|') + 1);
            if (verb.equals("delete"))
                plan.add(new BootstrapDeleteRequest(path));
            else if (verb.equals("discover"))
                plan.add(new BootstrapDiscoverRequest(path));
            else if (verb.equals("read"))
                plan.add(new BootstrapReadRequest(format(command), path));
            else
                plan.add(write(new LwM2mPath(path), command));
        }
        return plan;
    }

    private static BootstrapWriteRequest write(LwM2mPath path, Wire.Command command) throws Exception {
        List<Wire.Value> values = new ArrayList<>();
        for (Wire.Value each : Wire.Value.of(command))
            if (each.path.startsWith(path + "/"))
                values.add(each);
        ContentFormat format = format(command);
        return new BootstrapWriteRequest(path, Nodes.node(path, values), format == null ? ContentFormat.TLV : format);
    }

    private static ContentFormat format(Wire.Command command) {
        String name = command.one("format");
        return name == null ? null : ContentFormat.fromName(name);
    }

    private final class Sessions implements BootstrapSessionListener {
        @Override
        public void sessionInitiated(BootstrapRequest request, LwM2mPeer client) {
            Map<String, Object> about = new HashMap<>();
            about.put("ep", request.getEndpointName());
            about.put("preferred", request.getPreferredContentFormat());
            wire.event("bootstrapping", about);
        }

        @Override
        public void onResponseSuccess(BootstrapSession session, BootstrapDownlinkRequest<? extends LwM2mResponse> request,
                LwM2mResponse response) {
            answered(session, request, response);
        }

        @Override
        public void onResponseError(BootstrapSession session, BootstrapDownlinkRequest<? extends LwM2mResponse> request,
                LwM2mResponse response) {
            answered(session, request, response);
        }

        private void answered(BootstrapSession session, BootstrapDownlinkRequest<? extends LwM2mResponse> request,
                LwM2mResponse response) {
            Map<String, Object> about = new LinkedHashMap<>();
            int code = response.getCode().getCode();
            about.put("ep", session.getEndpoint());
            about.put("request", request.getClass().getSimpleName().replaceAll("Bootstrap|Request", ""));
            about.put("path", request instanceof BootstrapFinishRequest ? "/bs" : String.valueOf(request.getPath()));
            about.put("code", String.format("%d.%02d", code / 100, code % 100));
            about.put("error", response.getErrorMessage());
            if (response instanceof BootstrapDiscoverResponse && response.isSuccess())
                about.put("links", links(((BootstrapDiscoverResponse) response).getObjectLinks()));
            if (response instanceof BootstrapReadResponse && response.isSuccess())
                about.put("values", Nodes.flat(request.getPath(), ((BootstrapReadResponse) response).getContent()));
            wire.event("answered", about);
        }

        private List<String> links(Link[] links) {
            List<String> all = new ArrayList<>();
            for (Link link : links)
                all.add(new DefaultLinkSerializer().serializeCoreLinkFormat(link));
            return all;
        }

        @Override
        public void end(BootstrapSession session) {
            wire.event("bootstrapped", Map.of("ep", session.getEndpoint()));
        }

        @Override
        public void failed(BootstrapSession session, BootstrapFailureCause cause) {
            wire.event("unbootstrapped", Map.of("ep", session.getEndpoint(), "error", cause.name()));
        }

        @Override
        public void onRequestFailure(BootstrapSession session, BootstrapDownlinkRequest<? extends LwM2mResponse> request,
                Throwable cause) {
            wire.event("unanswered", Map.of("ep", session.getEndpoint(), "error", String.valueOf(cause)));
        }

        @Override
        public void noConfig(BootstrapSession session) {
            wire.event("unbootstrapped", Map.of("ep", session.getEndpoint(), "error", "nothing configured"));
        }

        @Override
        public void unAuthorized(BootstrapRequest request, LwM2mPeer client) {
            wire.event("unbootstrapped", Map.of("ep", request.getEndpointName(), "error", "unauthorized"));
        }

        @Override
        public void authorized(BootstrapSession session) {
            // Everybody is: no secrets are involved.
        }

        @Override
        public void sendRequest(BootstrapSession session, BootstrapDownlinkRequest<? extends LwM2mResponse> request) {
            // The answer says it all.
        }
    }
}
