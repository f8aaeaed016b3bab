using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.Audit;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Audit;

/// <summary>A log in a directory of its own, with its writer, which can be ended and begun again on the same files.</summary>
internal sealed class AuditSite : IAsyncDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<ProxyMetrics>().BuildServiceProvider();
    private readonly Action<AuditOptions>? _set;
    private AuditWriter _writer = null!;
    private bool _isWriting;

    public AuditSite(Action<AuditOptions>? set = null)
    {
        _set = set;
        Options = NewOptions();
        Log = NewLog();
    }

    public ManualTimeProvider Clock { get; } = new();

    public AuditOptions Options { get; private set; }

    public AuditLog Log { get; private set; }

    public AuditSent Sent { get; } = new();

    public ProxyMetrics Metrics => _services.GetRequiredService<ProxyMetrics>();

    public string Directory => _scratch["audit"];

    public List<string> Files => AuditFileName.In(Directory).ConvertAll(static file => file.Path);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The lines that are in the files.</summary>
    public List<AuditLine> Lines(string? decision = null) =>
        [.. AuditReader.Read(Directory, new AuditFilter { Decision = decision ?? string.Join(',', AuditFilter.Events) }, AuditAddresses.Of(Options))];

    public async Task StartAsync()
    {
        (Options, Log) = (NewOptions(), _writer is null ? Log : NewLog());
        _writer = NewWriter();
        await _writer.StartAsync(Cancel);
        _isWriting = true;
    }

    /// <summary>Ends in order.</summary>
    public async Task StopAsync()
    {
        await _writer.StopAsync(CancellationToken.None);
        _writer.Dispose();
        _isWriting = false;
    }

    /// <summary>An artifact was given to somebody.</summary>
    public AuditEvent Download(string module = "example.com/m", string version = "v1.0.0", string address = "10.1.2.3", string? subject = null)
    {
        Assert.True(ModuleVersion.TryParse(module, version, out var parsed, out var error), error);
        return new(Clock.GetUtcNow(), AuditWord.Allow)
        {
            What = ProxyPath.ToArtifact(parsed, ArtifactKind.Zip),
            Address = IPAddress.Parse(address),
            Subject = subject,
            Origin = "https://proxy.example",
        };
    }

    /// <summary>Has so many written, one after the other, and waits until they are acknowledged.</summary>
    public async Task WriteAsync(int count, Func<int, AuditEvent>? make = null)
    {
        for (var i = 0; i < count; i++)
            Log.Note(make?.Invoke(i) ?? Download(version: $"v1.0.{i}"));
        await SettledAsync();
    }

    /// <summary>Waits until nothing waits.</summary>
    public Task SettledAsync() => Waiting.UntilAsync(() => Log.Queue.Count == 0 && Log.Place.Head.Sequence == Lines().LastOrDefault()?.Seq);

    public AuditVerified Verify(params KnownHead[] known) => AuditVerification.Run(Directory, known);

    public async ValueTask DisposeAsync()
    {
        if (_isWriting)
            await StopAsync();
        await _services.DisposeAsync();
        _scratch.Dispose();
    }

    private AuditOptions NewOptions()
    {
        var options = new AuditOptions { Directory = Directory, GatherFor = TimeSpan.Zero, IsFlushed = false, Downloads = true };
        _set?.Invoke(options);
        return options;
    }

    private AuditLog NewLog() => new(Microsoft.Extensions.Options.Options.Create(Options), Metrics, Clock);

    private AuditWriter NewWriter() => new(
        Log, Sent, new OtlpLogs(Microsoft.Extensions.Options.Options.Create(new TelemetryOptions())), static () => new AuditMember("tokyo-1", "tokyo"), Microsoft.Extensions.Options.Options.Create(Options), Clock,
        NullLogger<AuditWriter>.Instance);
}
