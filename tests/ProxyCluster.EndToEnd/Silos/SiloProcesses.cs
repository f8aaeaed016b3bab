using System.Collections.Concurrent;
using System.Globalization;
using ProxyCluster.Demo;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Redis;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.EndToEnd.Silos;

/// <summary>
/// The built host, <c>proxycluster serve</c>, as processes around one upstream and one real Redis, or around the
/// first of them, which keeps the list of members in its memory.
/// </summary>
internal sealed class SiloProcesses : IAsyncDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly ConcurrentBag<ProxyProcess> _members = [];
    private readonly string _checksumDatabase;
    private readonly RedisProcess? _redis;
    private readonly int _primary = LoopbackPort.Free();
    private int _started;

    private SiloProcesses(RedisProcess? redis, UpstreamServer upstream, string checksumDatabase)
    {
        _redis = redis;
        Upstream = upstream;
        _checksumDatabase = checksumDatabase;
        File.WriteAllText(SecretFile, "a secret of one test cluster");
    }

    public RedisProcess Redis => _redis ?? throw new InvalidOperationException("there is none");

    public UpstreamServer Upstream { get; }

    /// <summary>The file with the secret that members prove to each other.</summary>
    public string SecretFile => _scratch["secret"];

    public static async Task<SiloProcesses> OpenAsync(UpstreamServer upstream, string checksumDatabase = "off") =>
        new(await RedisProcess.StartAsync(), upstream, checksumDatabase);

    /// <summary>Without a provider: on one machine, everything in memory.</summary>
    public static SiloProcesses OpenInMemory(UpstreamServer upstream) => new(null, upstream, "off");

    /// <summary>Where an artifact of a sample is at the upstream.</summary>
    public static string PathOf(PackedModule sample, string extension) =>
        $"/{sample.Module.Path.Escaped}/@v/{sample.Module.Version}{extension}";

    /// <summary>Starts a member and waits until it serves.</summary>
    /// <param name="region">Its region.</param>
    /// <param name="role">What it does.</param>
    /// <param name="isJoining">Do not wait until it is in the cluster.</param>
    /// <param name="more">Further flags.</param>
    public async Task<ProxyProcess> StartAsync(string region, string role = "all", bool isJoining = false, params string[] more)
    {
        var number = Interlocked.Increment(ref _started);
        var member = await ProxyProcess.StartAsync(new ProxySettings(_scratch[$"{region}-{number}"], Upstream.Url, _checksumDatabase)
        {
            MoreArguments =
            [
                "--region", region, "--role", role, "--secret-file", SecretFile,
                .. Provider(isPrimary: number == 1),
                .. more,
            ],
        });
        _members.Add(member);
        if (!isJoining)
            await LoggedAsync(member, " joined as ");
        return member;
    }

    /// <summary>The id that a member gave itself in this life.</summary>
    public static string IdOf(ProxyProcess member)
    {
        const string before = " Member ";
        var line = member.Log.Split('\n').First(static line => line.Contains(before, StringComparison.Ordinal) && line.Contains(" joined as ", StringComparison.Ordinal));
        var start = line.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return line[start..line.IndexOf(' ', start)];
    }

    /// <summary>Waits until a member's <c>/readyz</c> says something.</summary>
    public static async Task SaysAsync(ProxyProcess member, string text)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var said = "";
        while (!said.Contains(text, StringComparison.Ordinal))
        {
            try
            {
                using var answer = await member.Http.GetAsync("readyz", late.Token);
                said = await answer.Content.ReadAsStringAsync(late.Token);
                await Task.Delay(50, late.Token);
            }
            catch (OperationCanceledException e) when (late.IsCancellationRequested)
            {
                throw new TimeoutException($"\"{text}\" was never said, but:\n{said}\n{member.Log}", e);
            }
        }
    }

    /// <summary>Waits until a member has logged a line that contains all of the texts.</summary>
    public static async Task LoggedAsync(ProxyProcess member, params IReadOnlyList<string> texts)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!member.Log.Split('\n').Any(line => texts.All(text => line.Contains(text, StringComparison.Ordinal))))
        {
            // Another process's log has nothing to await.
            await Task.Delay(20);
            if (late.IsCancellationRequested)
                throw new TimeoutException($"no line was logged with {string.Join(" and ", texts)}:\n{member.Log}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
        {
            member.Resume();
            await member.DisposeAsync();
        }

        if (_redis is not null)
            await _redis.DisposeAsync();
        _scratch.Dispose();
    }

    private string[] Provider(bool isPrimary)
    {
        if (_redis is not null)
            return ["--cluster-store", string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{_redis.Port}")];
        var port = _primary.ToString(CultureInfo.InvariantCulture);
        return ["--set", "Silo:PrimaryPort=" + port, .. isPrimary ? ["--set", "Silo:Port=" + port] : Array.Empty<string>()];
    }
}
