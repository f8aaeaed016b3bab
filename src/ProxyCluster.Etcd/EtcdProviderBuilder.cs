using System.Globalization;
using Microsoft.Extensions.Configuration;
using Orleans;
using Orleans.Hosting;
using Orleans.Providers;
using Orleans.Runtime;
using ProxyCluster.Etcd;

[assembly: RegisterProvider("Etcd", "Clustering", "Silo", typeof(EtcdClusteringBuilder))]
[assembly: RegisterProvider("Etcd", "GrainStorage", "Silo", typeof(EtcdGrainStorageBuilder))]

namespace ProxyCluster.Etcd;

/// <summary>What <c>Orleans:Clustering</c> says, for <c>ProviderType</c> Etcd.</summary>
internal sealed class EtcdClusteringBuilder : IProviderBuilder<ISiloBuilder>
{
    /// <inheritdoc/>
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.UseEtcdClustering(options => EtcdSection.Read(configurationSection, options));
}

/// <summary>What <c>Orleans:GrainStorage:{name}</c> says, for <c>ProviderType</c> Etcd.</summary>
internal sealed class EtcdGrainStorageBuilder : IProviderBuilder<ISiloBuilder>
{
    /// <inheritdoc/>
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.AddEtcdGrainStorage(name!, options => EtcdSection.Read(configurationSection, options));
}

/// <summary>A provider's section as options; what it does not say stays as it is.</summary>
internal static class EtcdSection
{
    public static void Read(IConfigurationSection section, EtcdOptions options)
    {
        var endpoints = section.GetSection("Endpoints");
        var texts = endpoints.Value is { } list
            ? list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : endpoints.GetChildren().Select(static one => one.Value ?? "");

        foreach (var text in texts)
        {
            // Without user and password, should somebody have put them there.
            options.Endpoints.Add(Uri.TryCreate(text, UriKind.Absolute, out var endpoint)
                ? endpoint
                : throw new OrleansConfigurationException($"{section.Path}:Endpoints: {text[(text.LastIndexOf('@') + 1)..]} is no URL like http://host:2379"));
        }

        options.KeyPrefix = section["KeyPrefix"] ?? options.KeyPrefix;
        options.User = section["User"] ?? options.User;
        options.Password = section["Password"] ?? options.Password;
        options.CaFile = section["CaFile"] ?? options.CaFile;
        options.CertFile = section["CertFile"] ?? options.CertFile;
        options.KeyFile = section["KeyFile"] ?? options.KeyFile;
        if (section["CallTimeout"] is { } timeout)
            options.CallTimeout = TimeSpan.Parse(timeout, CultureInfo.InvariantCulture);
    }
}
