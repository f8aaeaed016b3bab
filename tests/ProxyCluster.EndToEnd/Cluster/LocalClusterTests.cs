using System.Globalization;
using ProxyCluster.Drills.Topology;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.EndToEnd.Cluster;

/// <summary>The verb that starts the real topology on one machine: it comes up whole and leaves nothing behind.</summary>
[Trait("Needs", "etcd")]
public sealed class LocalClusterTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly ScratchDirectory _scratch = new();
    private readonly ChildProcess _up;

    public LocalClusterTests() => _up = Start("--samples", "--port-base", "0");

    private string Directory => _scratch["cluster"];

    [Fact]
    public async Task Cluster_TakenDownFromAnotherShell_EndsInOrderAndLeavesNoProcess()
    {
        var state = await ReadyAsync();

        using (var http = new HttpClient())
        {
            foreach (var door in state.Processes.Where(static p => p.Kind == ProcessKind.FrontEnd))
            {
                var list = await http.GetStringAsync(
                    new Uri(door.Url, "/sample.proxycluster.dev/greet/@v/list"), TestContext.Current.CancellationToken);
                Assert.Contains("v1.3.0", list, StringComparison.Ordinal);
            }
        }

        Assert.Equal(0, (await RunAsync("status")).ExitCode);
        Assert.Equal(0, (await RunAsync("down")).ExitCode);
        await _up.WaitAsync(Limit);

        Assert.Equal(0, _up.ExitCode);
        Assert.DoesNotContain("killed", _up.Errors, StringComparison.Ordinal);
        Assert.All(state.Processes, static p => Assert.False(IsThere(p.ProcessId!.Value)));
        Assert.Equal(1, (await RunAsync("down")).ExitCode);
    }

    [Fact]
    public async Task Cluster_WhoseStarterIsKilled_EndsWithIt()
    {
        var state = await ReadyAsync();

        await _up.KillAsync();

        await Waiting.UntilAsync(() => !state.Processes.Any(static p => IsThere(p.ProcessId!.Value)), "all of it has ended");
    }

    [Fact]
    public async Task Cluster_StartedTwiceInOnePlace_IsRefused()
    {
        await ReadyAsync();

        await using var second = Start();
        await second.WaitAsync(Limit);

        Assert.Equal(1, second.ExitCode);
        Assert.Contains("runs in", second.Errors, StringComparison.Ordinal);
        Assert.NotNull(ClusterState.FindOrNull(Directory));
    }

    public async ValueTask DisposeAsync()
    {
        await _up.DisposeAsync();
        _scratch.Dispose();
    }

    private ChildProcess Start(params IEnumerable<string> arguments) => ChildProcess.Start(
        "dotnet", [Repository.Executable, "local-cluster", "--directory", Directory, .. arguments],
        new Dictionary<string, string> { ["HOME"] = _scratch.Path });

    private Task<ProcessResult> RunAsync(string what) => ChildProcess.RunAsync(
        "dotnet", [Repository.Executable, "local-cluster", what, "--directory", Directory],
        new Dictionary<string, string> { ["HOME"] = _scratch.Path }, Limit);

    // It says so in its output, which has a first line only once all is ready.
    private async Task<ClusterState> ReadyAsync()
    {
        await _up.FirstLine.WaitAsync(Limit, TestContext.Current.CancellationToken);
        return ClusterState.FindOrNull(Directory) ?? throw new InvalidOperationException($"no state in {Directory}:\n{_up.Errors}");
    }

    // A process that has ended but was not waited for yet is as good as gone.
    private static bool IsThere(int process)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            return stat[(stat.LastIndexOf(')') + 2)..][0] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
