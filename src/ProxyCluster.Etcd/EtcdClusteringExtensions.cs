using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Hosting;

namespace ProxyCluster.Etcd;

/// <summary>Membership of silos on etcd.</summary>
public static class EtcdClusteringExtensions
{
    /// <summary>
    /// Keeps the list of the cluster's silos in etcd. From configuration: <c>Orleans:Clustering:ProviderType</c> is
    /// <c>Etcd</c>, beside it the options, <c>Endpoints</c> as a list or separated by commas.
    /// </summary>
    public static ISiloBuilder UseEtcdClustering(this ISiloBuilder builder, Action<EtcdOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<EtcdOptions>().Configure(configure);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EtcdOptions>, EtcdOptionsValidation>());
        builder.Services.AddSingleton<EtcdMembershipTable>();
        builder.Services.AddSingleton<IMembershipTable>(static services => services.GetRequiredService<EtcdMembershipTable>());
        return builder;
    }
}
