using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Cli;
using ProxyCluster.Configuration;
using ProxyCluster.Telemetry;
using ProxyCluster.Tests.Cli;

namespace ProxyCluster.Tests.Telemetry;

// Sampling every request is visible to the whole process, so nothing that counts activities may run beside it.
[Collection(nameof(OtlpExportTests))]
[CollectionDefinition(nameof(OtlpExportTests), DisableParallelization = true)]
public sealed class OtlpExportTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("proxycluster-otlp-");

    public void Dispose() => _data.Delete(recursive: true);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Export_EndpointConfigured_MetricsAndTracesArriveBeforeTheProcessEnds()
    {
        var received = new ConcurrentDictionary<string, string>();
        await using var collector = await CollectorAsync(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            received.AddOrUpdate(http.Request.Path + " " + http.Request.Headers["x-key"] + " " + http.Request.ContentType,
                Encoding.Latin1.GetString(body.ToArray()), (_, sofar) => sofar + Encoding.Latin1.GetString(body.ToArray()));
        });
        var input = SettingsInput.Of(
            ("Serve:Urls", "http://127.0.0.1:0"), ("Storage:Data", _data.FullName), ("Telemetry:OtlpEndpoint", collector.Urls.First()),
            ("Telemetry:OtlpHeaders", "x-key=hush"), ("Telemetry:TraceRatio", "0"));
        await using var app = ProxyHost.Build(input, services => services.Answer("/traced", http =>
        {
            Tracing.NameModule("example.com/m", "v1.0.0");
            Tracing.DescribeRequest("GET", "zip", 502, "checksum-mismatch");
            return http.Response.WriteAsync(Activity.Current!.TraceId.ToHexString());
        }));
        await app.StartAsync(Cancellation);
        app.Services.GetRequiredService<ProxyMetrics>().SecurityEvents.Add(1, new KeyValuePair<string, object?>("event", "forged-tile"));

        // A client that has decided to trace is followed even where we sample nothing by ourselves.
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, app.Urls.First() + "/traced");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using var response = await client.SendAsync(request, Cancellation);
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", await response.Content.ReadAsStringAsync(Cancellation));
        await app.StopAsync(Cancellation).WaitAsync(Patience, Cancellation);

        var metrics = received["/v1/metrics hush application/x-protobuf"];
        Assert.All(["proxycluster.security.events", "forged-tile", "service.name", "proxycluster"],
            text => Assert.Contains(text, metrics, StringComparison.Ordinal));
        var traces = received["/v1/traces hush application/x-protobuf"];
        Assert.All(["GET zip", "proxycluster.module.path", "example.com/m", "proxycluster.module.version", "v1.0.0", "checksum-mismatch"], text => Assert.Contains(text, traces, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_CollectorThatNeverAnswers_WaitsNoLongerThanTheFlushTimeout()
    {
        await using var collector = await CollectorAsync(http => Task.Delay(Timeout.Infinite, http.RequestAborted));
        await using var app = ProxyHost.Build(SettingsInput.Of(
            ("Serve:Urls", "http://127.0.0.1:0"), ("Storage:Data", _data.FullName), ("Telemetry:OtlpEndpoint", collector.Urls.First()), ("Telemetry:OtlpFlushTimeout", "100ms")));
        await app.StartAsync(Cancellation);
        await app.StopAsync(Cancellation).WaitAsync(Patience, Cancellation);
    }

    private static async Task<WebApplication> CollectorAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<Microsoft.Extensions.Hosting.IHostLifetime, UnattendedLifetime>();
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync(Cancellation);
        return app;
    }
}
