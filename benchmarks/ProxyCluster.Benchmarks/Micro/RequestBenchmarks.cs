using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Http;
using ProxyCluster.Storage;

namespace ProxyCluster.Benchmarks.Micro;

/// <summary>From a request's target to what it asks for.</summary>
public class RequestBenchmarks
{
    // Fields, not constants: the compiler must not know the answers.
    private readonly string _target = "/github.com/%21google%21cloud%21platform/omega/v2/@v/v2.8.0-!r!c1.info";
    private readonly string _path = "github.com/!google!cloud!platform/omega/v2/@v/v2.8.0-!r!c1.info";
    private readonly string _unescaped = "github.com/GoogleCloudPlatform/omega/v2";

    private HotCache _cache = null!;

    [GlobalSetup]
    public void Setup()
    {
        _cache = new HotCache(Options.Create(new StorageOptions()));
        var body = new byte[128];
        var stored = new StoredArtifact(Digest.Of(body), body.Length, "https://upstream.test", DateTimeOffset.UnixEpoch);
        for (var i = 0; i < 10_000; i++)
            _cache.Add($"github.com/some/module{i}/@v/v1.0.{i}.info", Entry());
        _cache.Add(_path, Entry());

        HotArtifact Entry() => new(stored, ArtifactKind.Info, "unused", default, body);
    }

    /// <summary>All that a hit does before its response is written.</summary>
    [Benchmark]
    public object? FindHot() => _cache.FindOrNull(_path);

    [Benchmark]
    public bool Decode() => RequestTarget.TryDecode(RequestTarget.PathOf(_target), out _, out _);

    [Benchmark]
    public object Parse() => ProxyPath.Parse(_path).Asked;

    [Benchmark]
    public bool UnescapePath() => ModulePath.TryUnescape(_path.AsSpan(0, _path.IndexOf("/@v/", StringComparison.Ordinal)), out _, out _);

    [Benchmark]
    public string EscapePath() => Escaping.Escape(_unescaped);
}
