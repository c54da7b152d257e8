import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.leshan.core.link.DefaultLinkParser;
import org.eclipse.leshan.core.link.DefaultLinkSerializer;
import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.model.ResourceModel.Type;
import org.eclipse.leshan.core.node.LwM2mMultipleResource;
import org.eclipse.leshan.core.node.LwM2mNode;
import org.eclipse.leshan.core.node.LwM2mObject;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.node.LwM2mResourceInstance;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.node.ObjectLink;
import org.eclipse.leshan.core.node.TimestampedLwM2mNode;
import org.eclipse.leshan.core.node.TimestampedLwM2mNodes;
import org.eclipse.leshan.core.util.datatype.ULong;

/** Leshan's nodes as flat lists of paths and values, and back. */
final class Nodes {
    private Nodes() {
    }

    /** Every value at or below a node, by path. */
    static Map<String, Object> flat(LwM2mPath path, LwM2mNode node) {
        Map<String, Object> values = new LinkedHashMap<>();
        flatten(values, path, node);
        return values;
    }

    static Map<String, Object> flat(Map<LwM2mPath, LwM2mNode> nodes) {
        Map<String, Object> values = new LinkedHashMap<>();
        if (nodes != null)
            nodes.forEach((path, node) -> {
                if (node != null)
                    flatten(values, path, node);
            });
        return values;
    }

    static List<Map<String, Object>> timed(LwM2mPath path, List<TimestampedLwM2mNode> nodes) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (TimestampedLwM2mNode each : nodes)
            all.add(at(each.getTimestamp(), flat(path, each.getNode())));
        return all;
    }

    static List<Map<String, Object>> timed(TimestampedLwM2mNodes nodes) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (Instant time : nodes.getTimestamps())
            all.add(at(time, flat(nodes.getNodesAt(time))));
        return all;
    }

    private static Map<String, Object> at(Instant time, Map<String, Object> values) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("at", time == null ? null : time.toEpochMilli());
        entry.put("values", values);
        return entry;
    }

    private static void flatten(Map<String, Object> values, LwM2mPath path, LwM2mNode node) {
        if (node instanceof LwM2mObject)
            ((LwM2mObject) node).getInstances().forEach((id, each) -> flatten(values, path.append(id), each));
        else if (node instanceof LwM2mObjectInstance)
            ((LwM2mObjectInstance) node).getResources().forEach((id, each) -> flatten(values, path.append(id), each));
        else if (node instanceof LwM2mMultipleResource)
            ((LwM2mMultipleResource) node).getInstances().forEach((id, each) -> flatten(values, path.append(id), each));
        else if (node instanceof LwM2mSingleResource)
            values.put(path.toString(), plain(((LwM2mSingleResource) node).getValue()));
        else if (node instanceof LwM2mResourceInstance)
            values.put(path.toString(), plain(((LwM2mResourceInstance) node).getValue()));
    }

    private static Object plain(Object value) {
        return value instanceof Link[] ? new DefaultLinkSerializer().serializeCoreLinkFormat((Link[]) value) : value;
    }

    /** The node at a path that holds these values. */
    static LwM2mNode node(LwM2mPath path, List<Wire.Value> values) throws Exception {
        if (path.isResourceInstance())
            return LwM2mResourceInstance.newInstance(path.getResourceInstanceId(), value(values.get(0)), type(values.get(0)));
        if (path.isResource())
            return resource(path, values);
        return new LwM2mObjectInstance(path.getObjectInstanceId(), resources(values));
    }

    static List<LwM2mResource> resources(List<Wire.Value> values) throws Exception {
        Map<Integer, List<Wire.Value>> byResource = new TreeMap<>();
        for (Wire.Value each : values)
            byResource.computeIfAbsent(new LwM2mPath(each.path).getResourceId(), id -> new ArrayList<>()).add(each);
        List<LwM2mResource> resources = new ArrayList<>();
        for (List<Wire.Value> each : byResource.values())
            resources.add(resource(new LwM2mPath(each.get(0).path).toResourcePath(), each));
        return resources;
    }

    private static LwM2mResource resource(LwM2mPath path, List<Wire.Value> values) throws Exception {
        Wire.Value first = values.get(0);
        if (new LwM2mPath(first.path).isResource())
            return LwM2mSingleResource.newResource(path.getResourceId(), value(first), type(first));
        Map<Integer, Object> instances = new HashMap<>();
        for (Wire.Value each : values)
            instances.put(each.id(), value(each));
        return LwM2mMultipleResource.newResource(path.getResourceId(), instances, type(first));
    }

    private static Type type(Wire.Value value) {
        return Type.valueOf(value.type);
    }

    private static Object value(Wire.Value value) throws Exception {
        String text = value.text;
        switch (type(value)) {
        case INTEGER:
            return Long.valueOf(text);
        case UNSIGNED_INTEGER:
            return ULong.valueOf(text);
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
        case CORELINK:
            return new DefaultLinkParser().parseCoreLinkFormat(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        default:
            return text;
        }
    }
}
