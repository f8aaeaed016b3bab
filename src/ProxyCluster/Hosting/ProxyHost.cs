using Microsoft.Extensions.Options;
using ProxyCluster.Access;
using ProxyCluster.Admin;
using ProxyCluster.Advisories;
using ProxyCluster.Audit;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.Copies;
using ProxyCluster.Credentials;
using ProxyCluster.Failover;
using ProxyCluster.Fetching;
using ProxyCluster.Gate;
using ProxyCluster.Grains;
using ProxyCluster.Http;
using ProxyCluster.Joining;
using ProxyCluster.Lines;
using ProxyCluster.Policy;
using ProxyCluster.Queries;
using ProxyCluster.Repositories;
using ProxyCluster.Seals;
using ProxyCluster.Silos;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;
using ProxyCluster.Verification;
using ProxyCluster.Walk;

namespace ProxyCluster.Hosting;

/// <summary>
/// Builds a silo: the one place that knows every room. The web host starts empty, without the platform's own defaults:
/// its configuration sources would bypass <see cref="Settings"/>, and each of them costs start-up time.
/// </summary>
internal static class ProxyHost
{
    /// <summary>Registers every room.</summary>
    public static IServiceCollection AddRooms(this IServiceCollection services) => services
        .AddTelemetry()
        .AddStorage()
        .AddAudit()
        .AddAdvisories()
        .AddCredentials()
        .AddVerification()
        .AddRepositories()
        .AddFetching()
        .AddAccess()
        .AddGate()
        .AddAgreedDocuments()
        .AddPolicy()
        .AddSeals()
        .AddClustering()
        .AddLines()
        .AddCopies()
        .AddFailover()
        .AddSilos()
        .AddAdmin()
        .AddWalk()
        .AddGrains()
        .AddQueries()
        .AddHttpFrontEnd()
        .AddStoreCheck()
        .AddServe();

    /// <summary>Answers HTTP with every room that does.</summary>
    public static WebApplication MapRooms(this WebApplication app)
    {
        app.MapProxy();
        return app;
    }

    /// <summary>Builds a silo that is ready to be started.</summary>
    /// <param name="input">What is configured.</param>
    /// <param name="more">What the caller adds: how signals arrive, or a test's clock.</param>
    /// <exception cref="SettingsException">The configuration is wrong; holds every mistake.</exception>
    /// <param name="first">What the caller brings that the rooms look for: an engine of its own.</param>
    public static WebApplication Build(
        SettingsInput input, Action<IServiceCollection>? more = null, Action<IServiceCollection>? first = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "proxycluster" });
        first?.Invoke(builder.Services);
        var settings = AddSettings(builder.Services.AddRooms(), input);
        builder.Configuration.AddConfiguration(settings.Configuration);
        builder.Logging.AddConfiguration(settings.Configuration.GetSection("Logging"));
        builder.Services.AddLoginSchemes(settings);
        more?.Invoke(builder.Services);

        // Before the host exists: the logger itself is configured, and must not be the one to report that.
        using (var check = builder.Services.BuildServiceProvider())
            SettingsCheck.ThrowIfWrong(check);

        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Configure(settings.Configuration.GetSection("Kestrel"), reloadOnChange: false);
            kestrel.ConfigureHttpsDefaults(https => ServedCertificate.Use(https, kestrel.ApplicationServices));
            Listening.Open(kestrel);
        });
        if (IsHttps(SettingKeys.Urls) || IsHttps(SettingKeys.InternalUrls))
            builder.WebHost.UseKestrelHttpsConfiguration();
        var app = builder.Build();

        // The platform would prove logins before every request where it finds handlers, of hits and of members too. Ours are asked where it matters.
        ((IApplicationBuilder)app).Properties["__AuthenticationMiddlewareSet"] = true;
        if (app.Services.GetRequiredService<IOptions<ClusteringOptions>>().Value.InternalAddresses().Count == 0)
        {
            foreach (var url in app.Services.GetRequiredService<IOptions<ServeOptions>>().Value.Addresses())
                app.Urls.Add(url);
        }

        return app.MapRooms();

        bool IsHttps(string key) =>
            settings.FindOrNull(key) is { } urls && urls.Value.Contains("https:", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The rooms and their settings without a web host, for verbs that answer from them and end.</summary>
    public static ServiceProvider BuildServices(
        SettingsInput input, Action<IServiceCollection>? more = null, Action<IServiceCollection>? first = null)
    {
        var services = new ServiceCollection().AddSingleton(TimeProvider.System);
        first?.Invoke(services);
        services.AddRooms();
        services.AddSingleton<IConfiguration>(AddSettings(services, input).Configuration);
        more?.Invoke(services);
        return services.BuildServiceProvider();
    }

    private static Settings AddSettings(IServiceCollection services, SettingsInput input)
    {
        var catalog = OptionsCatalog.From(services);
        var settings = Settings.Load(input, catalog);
        services.AddSingleton(catalog).AddSingleton(settings);
        return settings;
    }

    private static IServiceCollection AddServe(this IServiceCollection services)
    {
        services.AddRoomOptions<ServeOptions>(ServeOptions.Section);
        services.AddSingleton<IValidateOptions<ServeOptions>, ServeOptionsValidator>();
        services.AddSingleton<PendingCopies>(static provider =>
        {
            var regions = provider.GetRequiredService<CopyQueue<ToRegions>>();
            return () => regions.Waiting;
        });
        services.AddOptions<StorageOptions>().PostConfigure<IOptions<ClusteringOptions>>(
            static (storage, cluster) => storage.IsUsed = cluster.Value.Role != Role.FrontEnd);
        services.AddSingleton<AuditMemberNow>(static provider =>
        {
            var self = provider.GetRequiredService<ClusterSelf>();
            return () => new AuditMember(self.Member.Id, self.Region);
        });
        services.AddOptions<AuditOptions>().PostConfigure<DataTree, IOptions<StorageOptions>>(static (audit, tree, storage) =>
        {
            audit.IsFlushed = storage.Value.Flush;
            if (audit.Directory.Length == 0 && storage.Value.IsUsed)
                audit.Directory = tree.Audit;
        });
        services.AddOptions<HostOptions>().Configure<IOptions<ServeOptions>>((host, serve) =>
            host.ShutdownTimeout = serve.Value.DrainTimeout + serve.Value.DrainDelay);
        services.AddSingleton<HostedLoops>();
        services.AddSingleton<ServedCertificate>();
        services.AddSingleton<IHostLifetime, UnattendedLifetime>();
        services.AddHostedService<DrainDelay>();
        services.AddHostedService<UnixSockets>();
        return services;
    }
}
