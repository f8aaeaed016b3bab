using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Drills;

/// <summary>A member of the cluster under a drill, as one reaches it from outside.</summary>
/// <param name="Name">Its name, for people.</param>
/// <param name="Region">Its region.</param>
/// <param name="IsFrontEnd">Whether clients ask it.</param>
/// <param name="Url">Its public address.</param>
internal sealed record DrillMember(string Name, string Region, bool IsFrontEnd, Uri Url)
{
    /// <summary>A process that takes requests; etcd's members are none.</summary>
    public static DrillMember Of(ClusterProcess process) =>
        new(process.Name, process.Region, process.Kind == ProcessKind.FrontEnd, process.Url);
}
