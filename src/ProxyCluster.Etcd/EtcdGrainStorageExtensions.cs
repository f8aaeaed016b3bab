using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime.Hosting;
using Orleans.Storage;

namespace ProxyCluster.Etcd;

/// <summary>Grain state on etcd.</summary>
public static class EtcdGrainStorageExtensions
{
    /// <summary>
    /// Keeps grains' state in etcd, as the silo's <see cref="IGrainStorageSerializer"/> writes it (one registered under the
    /// storage's name as key goes before). From configuration: <c>Orleans:GrainStorage:{name}:ProviderType</c> is <c>Etcd</c>,
    /// beside it the options, <c>Endpoints</c> as a list or separated by commas.
    /// </summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The storage's name, as grains ask for it; <c>Default</c> for those that name none.</param>
    /// <param name="configure">Sets the options.</param>
    public static ISiloBuilder AddEtcdGrainStorage(this ISiloBuilder builder, string name, Action<EtcdOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<EtcdOptions>(name).Configure(configure);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EtcdOptions>, EtcdOptionsValidation>());
        builder.Services.AddGrainStorage(name, static (services, name) => ActivatorUtilities.CreateInstance<EtcdGrainStorage>(
            services,
            name,
            services.GetRequiredService<IOptionsMonitor<EtcdOptions>>().Get(name),
            services.GetRequiredService<IOptions<ClusterOptions>>().Value,
            services.GetKeyedService<IGrainStorageSerializer>(name) ?? services.GetRequiredService<IGrainStorageSerializer>()));
        return builder;
    }
}
