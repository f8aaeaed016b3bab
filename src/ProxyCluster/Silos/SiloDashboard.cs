using System.Diagnostics;
using Microsoft.Extensions.Options;
using Orleans.Dashboard;
using Orleans.Hosting;
using Orleans.Serialization.Configuration;
using ProxyCluster.Clustering;

namespace ProxyCluster.Silos;

/// <summary>
/// Orleans' own dashboard: grains and their calls in every silo that has it on, for whoever tunes or debugs. The pages are
/// served by the member that is asked, under its admin API; nothing of it listens by itself.
/// </summary>
internal sealed class SiloDashboard(IEngine engine)
{
    /// <summary>Path under which it is served; its pages name everything relative to it.</summary>
    public const string Path = "/-/admin/v1/dashboard/";

    /// <summary>Answers a request below <see cref="Path"/>; null where it is off, or this process is no silo now.</summary>
    public RequestDelegate? HandlerOrNull => (engine as OrleansEngine)?.DashboardOrNull;

    /// <summary>Has a silo tell the others' dashboards about itself, and be able to show its own.</summary>
    public static void Apply(ISiloBuilder silo)
    {
        // Its log stream would show other people's lines to every viewer.
        silo.AddDashboard(static dashboard => dashboard.HideTrace = true);
        silo.Services.AddRouting();
        silo.Services.AddSingleton<DiagnosticListener>(static _ => new("Microsoft.AspNetCore"));
    }

    /// <summary>
    /// For a silo without it: takes away what Orleans knows of the dashboard's grains and messages, and of the reminders that it
    /// shows, because their assemblies are there. Otherwise such a silo keeps the types, and would be asked to house the grains.
    /// </summary>
    public static void Forget(IServiceCollection services)
    {
        foreach (var manifest in services.Where(IsOfTheDashboard).ToList())
            services.Remove(manifest);
    }

    /// <summary>The way to the pages of one life of the silo, whose services they need.</summary>
    public static RequestDelegate Build(IServiceProvider silo)
    {
        var pages = new ApplicationBuilder(silo);
        pages.UseRouting();
        pages.UseEndpoints(static routes => routes.MapOrleansDashboard(Path.TrimEnd('/')));
        var handle = pages.Build();
        return async context =>
        {
            var ours = context.RequestServices;
            await using var scope = silo.CreateAsyncScope();
            context.RequestServices = scope.ServiceProvider;
            try
            {
                await handle(context);
            }
            finally
            {
                context.RequestServices = ours;
            }
        };
    }

    private static bool IsOfTheDashboard(ServiceDescriptor service) =>
        service.ServiceType == typeof(IConfigureOptions<TypeManifestOptions>)
        && service.ImplementationType?.Assembly.GetName().Name is "Orleans.Dashboard" or "Orleans.Reminders";
}
