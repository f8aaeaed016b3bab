using System.Net;
using ProxyCluster.Demo;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Demo;

public sealed class OutsideWorldTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new();
    private readonly HttpClient _http = new();
    private OutsideWorld _world = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _world = await OutsideWorld.StartAsync(TimeSpan.Zero, _time, Cancel);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _world.DisposeAsync();
    }

    [Fact]
    public async Task ChecksumDatabase_AskedByOurClient_ProvesEverySample()
    {
        using var client = new ChecksumDatabaseClient(_world.Database.Key, new OverHttp(_http, _world.Database.Url), new MemoryChecksumDatabaseCache());

        foreach (var packed in _world.Modules)
        {
            var result = await client.LookupAsync(packed.Module, Cancel);

            Assert.True(result.TryGet(out var lookup, out var failure), failure?.ToString());
            Assert.Equal((packed.ZipH1, packed.GoModH1), (lookup.Lines.ZipH1, lookup.Lines.GoModH1));
        }
    }

    [Fact]
    public async Task ChecksumDatabase_AskedWithAnotherKey_IsNotBelieved()
    {
        var forged = SignerKey.Generate(_world.Database.Key.Name).Verifier;
        using var client = new ChecksumDatabaseClient(forged, new OverHttp(_http, _world.Database.Url), new MemoryChecksumDatabaseCache());

        Assert.False((await client.LookupAsync(_world.Modules[0].Module, Cancel)).TryGet(out _, out var failure));
        Assert.NotEqual(ChecksumFailureKind.Unavailable, failure.Kind);
    }

    [Fact]
    public async Task ChecksumDatabases_OfTwoDemos_HaveDifferentNames()
    {
        await using var other = await OutsideWorld.StartAsync(TimeSpan.Zero, _time, Cancel);

        Assert.NotEqual(_world.Database.Key.Name, other.Database.Key.Name);
    }

    [Fact]
    public async Task Upstream_AskedForEveryArtifact_ServesIt()
    {
        foreach (var packed in _world.Modules)
        {
            var name = $"{packed.Module.Path.Escaped}/@v/{packed.Module.EscapedVersion}";
            Assert.Equal(packed.Info, await _http.GetByteArrayAsync($"{_world.Upstream.Url}/{name}.info", Cancel));
            Assert.Equal(packed.GoMod, await _http.GetByteArrayAsync($"{_world.Upstream.Url}/{name}.mod", Cancel));
            Assert.Equal(packed.Zip, await _http.GetByteArrayAsync($"{_world.Upstream.Url}/{name}.zip", Cancel));
        }
    }

    [Fact]
    public async Task Upstream_AskedForAList_HasRetractedVersionsAndNoPseudoVersions()
    {
        Assert.Equal("v1.0.0\nv1.1.0\nv1.2.0\nv1.3.0\n", await ListAsync("sample.proxycluster.dev/greet"));
        Assert.Equal("v0.3.0\nv0.4.0\n", await ListAsync("sample.proxycluster.dev/mathx"));
        Assert.Equal("v1.0.0\nv2.3.0+incompatible\n", await ListAsync("sample.proxycluster.dev/legacy"));
        Assert.Equal("v1.0.0\n", await ListAsync("sample.proxycluster.dev/%21frame"));
    }

    [Fact]
    public async Task Upstream_AskedForTheLatest_PrefersAReleaseToALaterCommit()
    {
        var info = await _http.GetByteArrayAsync($"{_world.Upstream.Url}/sample.proxycluster.dev/mathx/@latest", Cancel);

        Assert.True(VersionInfo.TryParse(info, out var latest, out _));
        Assert.Equal("v0.4.0", latest.Version);
    }

    [Fact]
    public async Task Upstream_AskedForWhatDoesNotExist_AnswersNotFound()
    {
        using var answer = await _http.GetAsync($"{_world.Upstream.Url}/sample.proxycluster.dev/nothing/@v/list", Cancel);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Upstream_WhatItWasAsked_IsCountedByPath()
    {
        await ListAsync("sample.proxycluster.dev/greet");
        await ListAsync("sample.proxycluster.dev/greet");
        await ListAsync("sample.proxycluster.dev/mathx");

        Assert.Equal(2, _world.Upstream.Requests["sample.proxycluster.dev/greet/@v/list"]);
        Assert.Equal(3, _world.Upstream.TotalRequests);
    }

    [Fact]
    public async Task Upstream_WithADelay_AnswersWhenItIsOver()
    {
        await using var slow = await OutsideWorld.StartAsync(TimeSpan.FromSeconds(5), _time, Cancel);
        var asking = _http.GetStringAsync($"{slow.Upstream.Url}/sample.proxycluster.dev/greet/@v/list", Cancel);
        await _time.TimerDueIn(TimeSpan.FromSeconds(5)).WaitAsync(Cancel);
        Assert.False(asking.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.StartsWith("v1.0.0", await asking, StringComparison.Ordinal);
    }

    private Task<string> ListAsync(string module) => _http.GetStringAsync($"{_world.Upstream.Url}/{module}/@v/list", Cancel);

    private sealed class OverHttp(HttpClient http, string url) : IChecksumDatabaseRemote
    {
        public async ValueTask<RemoteRead> ReadAsync(string path, CancellationToken cancellationToken)
        {
            using var answer = await http.GetAsync($"{url}/{path}", cancellationToken);
            return answer.IsSuccessStatusCode
                ? RemoteRead.Found(await answer.Content.ReadAsByteArrayAsync(cancellationToken))
                : RemoteRead.NotFound(path);
        }
    }
}
