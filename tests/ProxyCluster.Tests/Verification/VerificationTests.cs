using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Verification;

/// <summary>A verifier before a checksum database that the test writes, over a data directory of its own.</summary>
public abstract class VerificationTests : IAsyncLifetime
{
    private protected readonly string _data = Directory.CreateTempSubdirectory("verification").FullName;
    private protected DatabaseServer _server = null!;

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await DatabaseServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_data, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected string Kept(params string[] below) => Path.Combine([_data, "sumdb", "sumdb.test%2Fgo", .. below]);

    private protected void Down() => _server.Instead = static (context, _) =>
    {
        context.Abort();
        return Task.FromResult(true);
    };

    private protected VerificationRoom Room(Action<VerificationOptions>? change = null, TimeProvider? clock = null, long maxBytes = long.MaxValue)
    {
        VerificationOptions options = new() { SumDb = _server.Setting, RetryDelay = TimeSpan.FromMilliseconds(1) };
        change?.Invoke(options);
        return new VerificationRoom(options, _data, clock ?? TimeProvider.System, maxBytes: maxBytes);
    }
}
