using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Caching.Memory;
using ProxyCluster.Joining;

namespace ProxyCluster.Benchmarks.Micro;

/// <summary>The cache in front of disk and upstreams, beside the one that it took the place of.</summary>
public class CacheBenchmarks : IDisposable
{
    private const int Keys = 10_000;

    private readonly string _target = "/github.com/some/module5000/@v/v1.0.5000.info";
    private readonly string[] _keys = [.. Enumerable.Range(0, 4 * Keys).Select(i => $"github.com/some/module{i}/@v/v1.0.{i}.info")];
    private readonly object _value = new();
    private readonly WeightedCache<object> _cache = new(Keys * 512);
    private readonly WeightedCache<object> _full = new(Keys * 512);
    private readonly MemoryCache _before = new(new MemoryCacheOptions { SizeLimit = Keys * 512, TrackStatistics = true });
    private int _next;

    [GlobalSetup]
    public void Setup()
    {
        foreach (var key in _keys.AsSpan(0, Keys))
        {
            _cache.Set(key, _value, 128);
            _before.Set(key, _value, new MemoryCacheEntryOptions { Size = 256 });
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _before.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public object? Find() => _cache.FindOrNull(_target.AsSpan(1));

    [Benchmark]
    public object? FindInMemoryCache() => _before.TryGetValue(_target.AsSpan(1), out var value) ? value : null;

    /// <summary>A new entry, for which another one goes.</summary>
    [Benchmark]
    public void SetInFull() => _full.Set(_keys[_next++ % _keys.Length], _value, 512);
}
