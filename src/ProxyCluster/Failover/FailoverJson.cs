using System.Text.Json.Serialization;
using ProxyCluster.Routing;

namespace ProxyCluster.Failover;

/// <summary>How reports, orders, status and events are written.</summary>
[JsonSourceGenerationOptions(
    System.Text.Json.JsonSerializerDefaults.Web,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(OperatorCommand))]
[JsonSerializable(typeof(OperatorAnswer))]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(RoutingEvent))]
[JsonSerializable(typeof(EventPage))]
[JsonSerializable(typeof(EventMessage))]
[JsonSerializable(typeof(SlackMessage))]
internal sealed partial class FailoverJson : JsonSerializerContext;
