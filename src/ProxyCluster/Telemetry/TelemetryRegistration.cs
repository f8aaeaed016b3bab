using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;

namespace ProxyCluster.Telemetry;

/// <summary>Logs, metrics and traces.</summary>
internal static class TelemetryRegistration
{
    private static readonly string[] QuietCategories = ["Microsoft", "System"];

    /// <summary>Registers the room. First of all rooms: it then stops last and sees what the others do on their way out.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services)
    {
        services.AddRoomOptions<TelemetryOptions>(TelemetryOptions.Section);
        services.AddMetrics();
        services.AddSingleton<ProxyMetrics>();
        services.AddSingleton<PrometheusText>();
        services.AddHostedService<OtlpExport>();
        services.AddSingleton<OtlpLogs>();
        services.AddHostedService<FirstCounts>();
        return services.AddLogs();
    }

    private static IServiceCollection AddLogs(this IServiceCollection services)
    {
        services.AddLogging(logging => logging
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            })
            .AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            }));

        // In the console's place, which only it may write to.
        services.Remove(services.Single(static service => service.ImplementationType == typeof(ConsoleLoggerProvider)));
        services.AddSingleton<ConsoleLoggerProvider>();
        services.AddSingleton<ILoggerProvider>(static rooms => ActivatorUtilities.CreateInstance<BoundedLog>(rooms, rooms.GetRequiredService<ConsoleLoggerProvider>()));
        services.AddOptions<ConsoleLoggerOptions>().Configure<IOptions<TelemetryOptions>>((console, telemetry) =>
            console.FormatterName = telemetry.Value.LogFormat == "json" ? ConsoleFormatterNames.Json : ConsoleFormatterNames.Simple);
        services.AddOptions<LoggerFilterOptions>().Configure<IOptions<TelemetryOptions>>(Quieten);
        return services;
    }

    private static void Quieten(LoggerFilterOptions filters, IOptions<TelemetryOptions> telemetry)
    {
        var level = telemetry.Value.LogLevel;
        filters.MinLevel = level;
        if (level > LogLevel.Trace && level < LogLevel.Warning)
        {
            foreach (var category in QuietCategories)
                filters.Rules.Add(new LoggerFilterRule(null, category, LogLevel.Warning, null));
        }

        // The web host starts an activity for every request as soon as this category is on at any level, tracer or not.
        filters.Rules.Add(new LoggerFilterRule(null, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None, null));
    }
}
