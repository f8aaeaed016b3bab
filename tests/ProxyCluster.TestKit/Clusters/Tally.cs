using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace ProxyCluster.TestKit.Clusters;

/// <summary>What became of clients' requests, counted.</summary>
internal sealed class Tally
{
    private readonly ConcurrentDictionary<string, int> _failures = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<double> _seconds = new();
    private int _requests;
    private int _wrongBytes;

    /// <summary>Requests that have ended.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Those that got no 200 with a whole body.</summary>
    public int Failed => _failures.Values.Sum();

    /// <summary>Those that got other bytes than upstream has.</summary>
    public int WrongBytes => Volatile.Read(ref _wrongBytes);

    /// <summary>How long each took, in seconds.</summary>
    public IReadOnlyList<double> Seconds => [.. _seconds];

    /// <summary>Asks for one path and checks every byte.</summary>
    public async Task AskAsync(HttpClient http, Uri door, string path, ReadOnlyMemory<byte> expected, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            using var answer = await http.GetAsync(new Uri(door, "/" + path), cancel);
            var body = await answer.Content.ReadAsByteArrayAsync(cancel);
            if (!answer.IsSuccessStatusCode)
            {
                var cause = answer.Headers.TryGetValues("X-ProxyCluster-Cause", out var causes) ? causes.First() : "no cause";
                Fail($"{(int)answer.StatusCode} {cause} at {door.Authority}: {System.Text.Encoding.UTF8.GetString(body).Trim()}");
            }
            else if (!expected.Span.SequenceEqual(body))
            {
                Interlocked.Increment(ref _wrongBytes);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            Fail($"{e.GetType().Name} at {door.Authority} for {path}: {e.Message} {e.InnerException?.Message}");
        }

        _seconds.Enqueue(Stopwatch.GetElapsedTime(began).TotalSeconds);
        Interlocked.Increment(ref _requests);
    }

    /// <summary>The time within which a share of the requests ended.</summary>
    public double Percentile(double share)
    {
        var sorted = _seconds.Order().ToArray();
        return sorted.Length == 0 ? 0 : sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Requests} requests, {Failed} failed, {WrongBytes} wrong bytes, p50 {Percentile(0.5) * 1000:0} ms, p99 {Percentile(0.99) * 1000:0} ms")
        + string.Concat(_failures.OrderByDescending(static f => f.Value).Take(8).Select(static f => $"\n  {f.Value} x {f.Key}"));

    private void Fail(string how) => _failures.AddOrUpdate(how, 1, static (_, n) => n + 1);
}
