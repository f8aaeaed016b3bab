using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Configuration;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Hosting;
using ProxyCluster.Joining;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit.Upstreams;
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
            Tracing.NameModule(ProxyPath.Parse("example.com/m/@v/v1.0.0.zip"));
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

        await app.DisposeAsync();
        var logs = received["/v1/logs hush application/x-protobuf"];
        Assert.All(["ProxyCluster.Audit", "audit.event", "start", "stop"], text => Assert.Contains(text, logs, StringComparison.Ordinal));
        var metrics = received["/v1/metrics hush application/x-protobuf"];
        Assert.All(["proxycluster.security.events", "forged-tile", "service.name", "proxycluster"],
            text => Assert.Contains(text, metrics, StringComparison.Ordinal));
        var traces = received["/v1/traces hush application/x-protobuf"];
        Assert.All(["GET zip", "proxycluster.module.path", "example.com/m", "proxycluster.module.version", "v1.0.0", "checksum-mismatch"], text => Assert.Contains(text, traces, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Export_TwoHostsInOneProcess_EachSendsItsOwnMeasurementsAndTheRuntimes()
    {
        var received = new ConcurrentDictionary<string, string>();
        await using var collector = await CollectorAsync(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            received.AddOrUpdate(http.Request.Path + " " + http.Request.Headers["x-key"],
                Encoding.Latin1.GetString(body.ToArray()), (_, sofar) => sofar + Encoding.Latin1.GetString(body.ToArray()));
        });
        await using var one = await StartAsync("one");
        await using var two = await StartAsync("two");
        one.Services.GetRequiredService<ProxyMetrics>().SecurityEvents.Add(1, new KeyValuePair<string, object?>("event", "seen-by-one"));
        two.Services.GetRequiredService<ProxyMetrics>().SecurityEvents.Add(1, new KeyValuePair<string, object?>("event", "seen-by-two"));
        await one.StopAsync(Cancellation).WaitAsync(Patience, Cancellation);
        await two.StopAsync(Cancellation).WaitAsync(Patience, Cancellation);

        foreach (var (name, other) in (ReadOnlySpan<(string, string)>)[("one", "two"), ("two", "one")])
        {
            var metrics = received["/v1/metrics " + name];
            Assert.Contains("seen-by-" + name, metrics, StringComparison.Ordinal);
            Assert.Contains("dotnet.gc.collections", metrics, StringComparison.Ordinal);
            Assert.Contains("kestrel.active_connections", metrics, StringComparison.Ordinal);
            Assert.DoesNotContain("seen-by-" + other, metrics, StringComparison.Ordinal);
        }

        async Task<WebApplication> StartAsync(string name)
        {
            var app = ProxyHost.Build(SettingsInput.Of(
                ("Serve:Urls", "http://127.0.0.1:0"), ("Storage:Data", Path.Combine(_data.FullName, name)), ("Telemetry:OtlpEndpoint", collector.Urls.First()),
                ("Telemetry:OtlpHeaders", "x-key=" + name), ("Telemetry:TraceRatio", "0")));
            await app.StartAsync(Cancellation);
            using var client = new HttpClient();
            await client.GetStringAsync(new Uri(app.Urls.First() + "/healthz"), Cancellation);
            return app;
        }
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

    [Fact]
    public async Task Export_OverGrpc_FramesArriveOverHttp2AndSpansNameTheModule()
    {
        var received = new ConcurrentDictionary<string, string>();
        await using var collector = await CollectorAsync(async http =>
        {
            // gRPC over HTTP/2: one byte for compression, four for the length, then the message.
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            var frame = body.ToArray();
            Assert.Equal(0, frame[0]);
            Assert.Equal(frame.Length - 5, BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(1)));
            var key = string.Join(' ', http.Request.Protocol, http.Request.Path, http.Request.Headers["x-key"], http.Request.ContentType);
            received.AddOrUpdate(key, Encoding.Latin1.GetString(frame), (_, sofar) => sofar + Encoding.Latin1.GetString(frame));
            http.Response.ContentType = "application/grpc";
            await http.Response.Body.WriteAsync(new byte[5], http.RequestAborted);
            http.Response.AppendTrailer("grpc-status", "0");
        }, HttpProtocols.Http2);
        await using var upstream = UpstreamServer.Start();
        upstream.Put("/example.com/!me/m/@v/v1.2.3.info", "{\"Version\":\"v1.2.3\"}");
        upstream.Put("/example.com/hot/@v/v4.5.6+incompatible.info", "{\"Version\":\"v4.5.6+incompatible\"}");
        var input = SettingsInput.Of(
            ("Serve:Urls", "http://127.0.0.1:0"), ("Storage:Data", _data.FullName), ("Upstreams:List", upstream.Url), ("Http:BasePath", "/go"),
            ("Telemetry:OtlpEndpoint", collector.Urls.First()), ("Telemetry:OtlpProtocol", "grpc"), ("Telemetry:OtlpHeaders", "x-key=hush"),
            ("Telemetry:TraceRatio", "1"));
        await using var app = ProxyHost.Build(input);
        await app.StartAsync(Cancellation);
        using var client = new HttpClient();
        await client.GetStringAsync(new Uri(app.Urls.First() + "/go/example.com/!me/m/@v/v1.2.3.info"), Cancellation);
        await client.GetStringAsync(new Uri(app.Urls.First() + "/go/example.com/hot/@v/v4.5.6+incompatible.info"), Cancellation);
        await client.GetStringAsync(new Uri(app.Urls.First() + "/go/cached-only/example.com/hot/@v/v4.5.6+incompatible.info"), Cancellation);
        using var none = await client.GetAsync(new Uri(app.Urls.First() + "/go/example.com/none/@v/main.info"), Cancellation);
        await app.StopAsync(Cancellation).WaitAsync(Patience, Cancellation);

        var metrics = received["HTTP/2 /opentelemetry.proto.collector.metrics.v1.MetricsService/Export hush application/grpc"];
        Assert.Contains("proxycluster.request.duration", metrics, StringComparison.Ordinal);
        var traces = received["HTTP/2 /opentelemetry.proto.collector.trace.v1.TraceService/Export hush application/grpc"];
        Assert.All(
            [
                "GET info", "proxycluster.module.path", "example.com/Me/m", "proxycluster.module.version", "v1.2.3",
                "example.com/hot", "v4.5.6+incompatible", "example.com/none", "main", "not-found",
            ],
            text => Assert.Contains(text, traces, StringComparison.Ordinal));
    }

    private static async Task<WebApplication> CollectorAsync(RequestDelegate answer, HttpProtocols protocols = HttpProtocols.Http1)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(end => end.Protocols = protocols)).UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<Microsoft.Extensions.Hosting.IHostLifetime, UnattendedLifetime>();
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync(Cancellation);
        return app;
    }
}
