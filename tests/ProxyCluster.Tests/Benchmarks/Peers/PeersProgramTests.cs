using System.Runtime.Versioning;
using ProxyCluster.Benchmarks.Peers;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Benchmarks.Peers;

[SupportedOSPlatform("linux")]
public sealed class PeersProgramTests : IAsyncDisposable
{
    private const string Mod = "github.com/!burnt!sushi/toml/@v/v1.3.2.mod";

    private readonly UpstreamServer _one = UpstreamServer.Start();
    private readonly UpstreamServer _two = UpstreamServer.Start();
    private readonly ScratchDirectory _scratch = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    [Fact]
    [Trait("Needs", "wrk")]
    public async Task Run_SameBytes_MeasuresTheSecondAgainstTheFirst()
    {
        Put("/" + Mod, "same", "same");

        Assert.Equal(0, await RunAsync("--kinds", "mod", "--rounds", "2", "--seconds", "1", "--connections", "2", "--html", _scratch["page.html"], "--json", _scratch["peers.json"]));
        Assert.Equal("", _errors.ToString());
        var (page, json) = (File.ReadAllText(_scratch["page.html"]), File.ReadAllText(_scratch["peers.json"]));
        Assert.All(
            ["req/s, x one", "p50 ms, x one", "p95 ms, x one", "p99 ms, x one"],
            figure => Assert.All([_output.ToString(), page, json], told => Assert.Contains(figure, told, StringComparison.Ordinal)));
        Assert.All([_one, _two], static server => Assert.True(server.TotalRequests > 2));
    }

    [Fact]
    public async Task Run_BytesDiffer_FailsWithPathAndBothHashes()
    {
        Put("/" + Mod, "mine", "yours");

        Assert.Equal(1, await RunAsync("--kinds", "mod"));
        Assert.Contains(
            $"{Mod}: one serves sha256:{Digest.Of("mine"u8)}, two sha256:{Digest.Of("yours"u8)}", _errors.ToString(), StringComparison.Ordinal);
        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public async Task Run_OneLacksIt_FailsWithItsStatus()
    {
        Put("/" + Mod, "same", null);

        Assert.Equal(1, await RunAsync("--kinds", "mod"));
        Assert.Contains($"{Mod}: two answers 404", _errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OneIsAway_Fails()
    {
        Put("/" + Mod, "same", "same");
        _two.StopListening();

        Assert.Equal(1, await RunAsync("--kinds", "mod"));
        Assert.Contains($"{Mod}: two does not answer", _errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_LineIsNoModuleVersion_IsNamed()
    {
        var failure = await Assert.ThrowsAsync<FormatException>(() => RunAsync(["--modules", Modules("toml latest")]));

        Assert.Contains("'toml latest'", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("one=http://127.0.0.1:1")]
    [InlineData("one=http://127.0.0.1:1 one=http://127.0.0.1:2")]
    [InlineData("one=http://127.0.0.1:1 two=ftp://127.0.0.1:2")]
    [InlineData("one=http://127.0.0.1:1 two=http://127.0.0.1:2 --rounds 0")]
    [InlineData("one=http://127.0.0.1:1 two=http://127.0.0.1:2 --kinds exe")]
    [InlineData("one=http://127.0.0.1:1 two=http://127.0.0.1:2 --json")]
    public async Task Run_ArgumentsAreWrong_SaysHowItIsUsed(string arguments)
    {
        Assert.Equal(2, await PeersProgram.RunAsync(arguments.Split(' '), _output, _errors));
        Assert.Contains(PeersOptions.Usage, _errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void TargetOf_PeerBelowAPath_KeepsIt()
    {
        var peer = Peer.ParseOrNull("athens=http://127.0.0.1:3000/proxy/")!;

        Assert.Equal(("/proxy/" + Mod, $"http://127.0.0.1:3000/proxy/{Mod}"), (peer.TargetOf(Mod), peer.UrlOf(Mod).ToString()));
    }

    [Theory]
    [InlineData("Running 1s test\ncame to 2000 1000000 500 950 990 0\n", 2000)]
    [InlineData("came to 2000 1000000 500 950 990 3\n", null)]
    [InlineData("came to 0 1000000 0 0 0 0\n", null)]
    [InlineData("unable to connect\n", null)]
    public void Parse_WhatTheLoadPrinted_IsReadUnlessARequestFailed(string output, int? perSecond) =>
        Assert.Equal(perSecond is { } requests ? new PeerLoad(requests, 0.5, 0.95, 0.99) : null, PeerLoad.Parse(output));

    [Fact]
    public void PathsOf_ModuleVersions_AreTheFilesOfEachKind()
    {
        var paths = PeerPaths.Of(["github.com/BurntSushi/toml@v1.3.2", ""], [ArtifactKind.Mod, ArtifactKind.Zip]);

        Assert.Equal([Mod], paths[ArtifactKind.Mod]);
        Assert.Equal([ArtifactKind.Mod, ArtifactKind.Zip], paths.Select(static kind => kind.Key));
    }

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
        _scratch.Dispose();
        _output.Dispose();
        _errors.Dispose();
    }

    private Task<int> RunAsync(params string[] more)
    {
        string[] modules = more.Contains("--modules") ? [] : ["--modules", Modules("github.com/BurntSushi/toml@v1.3.2")];
        return PeersProgram.RunAsync([$"one={_one.Url}", $"two={_two.Url}", .. modules, .. more], _output, _errors);
    }

    private string Modules(string line)
    {
        File.WriteAllText(_scratch["modules"], line + "\n");
        return _scratch["modules"];
    }

    private void Put(string path, string? one, string? two)
    {
        if (one is not null)
            _one.Put(path, one);
        if (two is not null)
            _two.Put(path, two);
    }
}
