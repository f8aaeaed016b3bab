using System.CommandLine;
using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Cli;

/// <summary><c>--store</c>: what a cluster of processes keeps its membership and grain state in.</summary>
internal static class StoreOption
{
    /// <summary>The option.</summary>
    public static Option<StoreKind?> Create() => new("--store")
    {
        Description = "The cluster store: etcd (a member in each region), redis (one) or memory (of the first silo). Default: the first of them that is installed.",
        HelpName = "etcd|redis|memory",
        CustomParser = static result =>
        {
            if (Enum.TryParse<StoreKind>(result.Tokens[0].Value, ignoreCase: true, out var store) && Enum.IsDefined(store))
                return store;
            result.AddError($"--store {result.Tokens[0].Value}: there are etcd, redis and memory");
            return null;
        },
    };
}
