using ProxyCluster.TestKit.Corpora;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.EndToEnd.RealGo;

/// <summary>
/// The first build of the real program through a cold proxy, which the tests of this folder then look at from all sides:
/// an empty GOMODCACHE, the proxy as the only GOPROXY, its mirror as the only way to the checksum database.
/// </summary>
public sealed class ProgramBuild : IAsyncLifetime
{
    /// <summary>What the program prints when asked for its version.</summary>
    internal const string ProgramSays = "amtool, version";

    internal TestSystem System { get; private set; } = null!;

    internal GoWorkspace Workspace { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        System = await TestSystem.StartAsync();
        Workspace = ThroughProxy();
        await ResolveAsync(Workspace);
        await BuildAsync(Workspace);
    }

    public async ValueTask DisposeAsync()
    {
        Workspace?.Dispose();
        if (System is not null)
            await System.DisposeAsync();
    }

    /// <summary>A machine that has never built anything and knows the proxy only.</summary>
    internal GoWorkspace ThroughProxy(string go = "go") => new(System.Proxy.Url, System.Database.Key, go);

    /// <summary>The same main module on such a machine; go.sum is left behind, so that every hash is proven anew.</summary>
    internal GoWorkspace ThroughProxyAgain()
    {
        var workspace = ThroughProxy();
        File.Copy(Path.Combine(Workspace.Main, "go.mod"), Path.Combine(workspace.Main, "go.mod"));
        return workspace;
    }

    /// <summary>A machine that does without the proxy.</summary>
    internal GoWorkspace Direct() => new(System.Upstream.Url, System.Database.KeyAndUrl);

    internal static async Task ResolveAsync(GoWorkspace workspace)
    {
        await workspace.GoAsync("mod", "init", "example.com/fleet");
        await workspace.GoAsync("get", $"{Corpus.ProgramPackage}@{Corpus.ProgramVersion}");
    }

    /// <summary>Builds the program, which fills go.sum in, and gives its path.</summary>
    internal static async Task<string> BuildAsync(GoWorkspace workspace)
    {
        await workspace.GoAsync("build", "-mod=mod", "-o", "program", Corpus.ProgramPackage);
        return Path.Combine(workspace.Main, "program");
    }

    /// <summary>Runs the built program.</summary>
    internal static async Task<string> RunAsync(string program) =>
        (await ChildProcess.RunAsync(program, ["--version"], new Dictionary<string, string>(), TimeSpan.FromMinutes(1))).OutputOfSuccess;
}
