using System.Numerics;
using ProxyCluster.Sockets;

namespace ProxyCluster.Telemetry;

/// <summary>
/// What the requests of the last ten seconds came to, for health reports: one bucket per second, counted without a lock.
/// A count that races the reuse of a bucket may be lost; rates do not notice. Hot path: a few increments per request.
/// </summary>
internal sealed class TrafficWindow(TimeProvider clock)
{
    /// <summary>Seconds that sums cover, the present one included.</summary>
    public const int Seconds = 10;

    // Clients told apart per second and named per reading: who is not among them counts, but unnamed.
    private const int MaxClients = 256;
    private const int MaxNamed = 4;

    private const int Slots = 16; // a power of two above the window, so that a slot is reused long after its last reading

    private readonly Bucket[] _buckets = [.. Enumerable.Range(0, Slots).Select(static _ => new Bucket())];
    private readonly long _origin = clock.GetTimestamp();
    private long _inFlight;

    /// <summary>Requests that this process is working on itself.</summary>
    public long InFlight => Interlocked.Read(ref _inFlight);

    /// <summary>Work on a request begins here; the caller ends it.</summary>
    public void Begin() => Interlocked.Increment(ref _inFlight);

    /// <summary>It ended.</summary>
    public void End() => Interlocked.Decrement(ref _inFlight);

    /// <summary>Counts an answered request.</summary>
    /// <param name="duration">How long it took.</param>
    /// <param name="isError">It failed for a reason that another region might not have.</param>
    /// <param name="wasHere">Whether the answer was here; null where that is no question.</param>
    /// <param name="client">Whose request it was.</param>
    public void CountRequest(TimeSpan duration, bool isError, bool? wasHere, ClientAddress client = default)
    {
        var bucket = Current();
        Interlocked.Increment(ref bucket.Requests);
        Interlocked.Increment(ref bucket.Durations[SlotOf(duration)]);
        if (isError)
            bucket.CountError(client);
        if (wasHere is { } hit)
            Interlocked.Increment(ref hit ? ref bucket.Hits : ref bucket.Misses);
    }

    /// <summary>Counts a client's query, in addition to its request.</summary>
    /// <param name="metOutage">It came to nothing because something was away.</param>
    /// <param name="client">Whose it was.</param>
    public void CountQuery(bool metOutage, ClientAddress client = default)
    {
        var bucket = Current();
        Interlocked.Increment(ref bucket.Queries);
        if (metOutage)
            bucket.CountQueryFailure(client);
    }

    /// <summary>Counts a request that was sent upstream, all tries and upstreams together.</summary>
    public void CountFetch(bool metOutage)
    {
        var bucket = Current();
        Interlocked.Increment(ref bucket.Fetches);
        if (metOutage)
            Interlocked.Increment(ref bucket.FetchFailures);
    }

    /// <summary>Counts a request that was not sent upstream because every breaker on its way was open.</summary>
    public void CountKeptBack() => Interlocked.Increment(ref Current().KeptBack);

    /// <summary>The sums over the window.</summary>
    public TrafficSums Read()
    {
        var now = Second();
        var durations = new long[Bucket.DurationSlots];
        long requests = 0, errors = 0, hits = 0, misses = 0, fetches = 0, failures = 0, keptBack = 0, queries = 0, queryFailures = 0;
        foreach (var bucket in _buckets)
        {
            if (Volatile.Read(ref bucket.Second) <= now - Seconds)
                continue;
            requests += Volatile.Read(ref bucket.Requests);
            errors += Volatile.Read(ref bucket.Errors);
            hits += Volatile.Read(ref bucket.Hits);
            misses += Volatile.Read(ref bucket.Misses);
            fetches += Volatile.Read(ref bucket.Fetches);
            failures += Volatile.Read(ref bucket.FetchFailures);
            keptBack += Volatile.Read(ref bucket.KeptBack);
            queries += Volatile.Read(ref bucket.Queries);
            queryFailures += Volatile.Read(ref bucket.QueryFailures);
            for (var slot = 0; slot < durations.Length; slot++)
                durations[slot] += Volatile.Read(ref bucket.Durations[slot]);
        }

        return new TrafficSums(requests, errors, hits, misses, fetches, failures, keptBack, queries, queryFailures, Percentile(durations, 0.95));
    }

    /// <summary>All that was counted since the process began; two readings say what came between them, over any time.</summary>
    public TrafficTotals Totals()
    {
        var totals = default(TrafficTotals);
        foreach (var bucket in _buckets)
            totals += bucket.Totals();
        return totals;
    }

    /// <summary>The clients who met most of the errors, most first, with their number.</summary>
    public IReadOnlyList<KeyValuePair<ClientAddress, long>> Loudest() => Named(static bucket => bucket.ErrorsOf);

    /// <summary>The clients whose queries failed most, most first, with their number.</summary>
    public IReadOnlyList<KeyValuePair<ClientAddress, long>> LoudestOfQueries() => Named(static bucket => bucket.QueryFailuresOf);

    private IReadOnlyList<KeyValuePair<ClientAddress, long>> Named(Func<Bucket, Dictionary<ClientAddress, long>> counts)
    {
        var now = Second();
        var sums = new Dictionary<ClientAddress, long>();
        foreach (var bucket in _buckets)
        {
            if (Volatile.Read(ref bucket.Second) > now - Seconds)
                bucket.AddTo(sums, counts(bucket));
        }

        return [.. sums.OrderByDescending(static sum => sum.Value).Take(MaxNamed)];
    }

    private Bucket Current()
    {
        var second = Second();
        var bucket = _buckets[second % Slots];
        if (Volatile.Read(ref bucket.Second) != second)
            bucket.Reuse(second);
        return bucket;
    }

    private long Second() => (long)clock.GetElapsedTime(_origin).TotalSeconds + Slots;

    // Two slots per doubling: a bound is never more than half above the real value.
    private static int SlotOf(TimeSpan duration)
    {
        var micros = (ulong)Math.Max(1, duration.TotalMicroseconds);
        var power = BitOperations.Log2(micros);
        var isUpperHalf = power > 0 && (micros & (1UL << (power - 1))) != 0;
        return Math.Min(Bucket.DurationSlots - 1, (2 * power) + (isUpperHalf ? 1 : 0));
    }

    private static TimeSpan BoundOf(int slot) =>
        TimeSpan.FromMicroseconds(Math.Pow(2, slot / 2) * (slot % 2 == 0 ? 1.5 : 2));

    private static TimeSpan Percentile(long[] durations, double part)
    {
        var wanted = (long)Math.Ceiling(durations.Sum() * part);
        if (wanted == 0)
            return TimeSpan.Zero;
        long seen = 0;
        for (var slot = 0; slot < durations.Length; slot++)
        {
            seen += durations[slot];
            if (seen >= wanted)
                return BoundOf(slot);
        }

        return BoundOf(durations.Length - 1);
    }

    private sealed class Bucket
    {
        public const int DurationSlots = 60;

        public readonly long[] Durations = new long[DurationSlots];
        public long Second;
        public long Requests;
        public long Errors;
        public long Hits;
        public long Misses;
        public long Fetches;
        public long FetchFailures;
        public long KeptBack;
        public long Queries;
        public long QueryFailures;

        // Read and written under the lock.
        public readonly Dictionary<ClientAddress, long> ErrorsOf = [];
        public readonly Dictionary<ClientAddress, long> QueryFailuresOf = [];

        // Guards the reuse, so that two threads do not clear what one of them has begun to count, who met errors, and what was
        // counted before.
        private readonly Lock _lock = new();
        private TrafficTotals _before;

        public void CountError(ClientAddress client)
        {
            lock (_lock)
            {
                Errors++;
                Count_NeedsLock(ErrorsOf, client);
            }
        }

        public void CountQueryFailure(ClientAddress client)
        {
            lock (_lock)
            {
                QueryFailures++;
                Count_NeedsLock(QueryFailuresOf, client);
            }
        }

        public void AddTo(Dictionary<ClientAddress, long> sums, Dictionary<ClientAddress, long> counts)
        {
            lock (_lock)
            {
                foreach (var (client, count) in counts)
                    sums[client] = sums.GetValueOrDefault(client) + count;
            }
        }

        public TrafficTotals Totals()
        {
            lock (_lock)
                return Totals_NeedsLock();
        }

        public void Reuse(long second)
        {
            lock (_lock)
            {
                if (Second == second)
                    return;
                _before = Totals_NeedsLock();
                Requests = Errors = Hits = Misses = Fetches = FetchFailures = KeptBack = Queries = QueryFailures = 0;
                Array.Clear(Durations);
                ErrorsOf.Clear();
                QueryFailuresOf.Clear();
                Volatile.Write(ref Second, second);
            }
        }

        private TrafficTotals Totals_NeedsLock() => _before + new TrafficTotals(Hits, Misses, Fetches, FetchFailures);

        private static void Count_NeedsLock(Dictionary<ClientAddress, long> counts, ClientAddress client)
        {
            if (counts.Count < MaxClients || counts.ContainsKey(client))
                counts[client] = counts.GetValueOrDefault(client) + 1;
        }
    }
}

/// <summary>Sums over the window of a <see cref="TrafficWindow"/>; their meaning is that of its methods.</summary>
internal readonly record struct TrafficSums(
    long Requests, long Errors, long Hits, long Misses, long Fetches, long FetchFailures, long KeptBack, long Queries, long QueryFailures, TimeSpan P95);

/// <summary>What a <see cref="TrafficWindow"/> counted in all, or between two readings.</summary>
internal readonly record struct TrafficTotals(long Hits, long Misses, long Fetches, long FetchFailures)
{
    /// <summary>What was answered from here, and what had to be got first.</summary>
    public long Asked => Hits + Misses;

    public static TrafficTotals operator +(TrafficTotals a, TrafficTotals b) =>
        new(a.Hits + b.Hits, a.Misses + b.Misses, a.Fetches + b.Fetches, a.FetchFailures + b.FetchFailures);

    public static TrafficTotals operator -(TrafficTotals a, TrafficTotals b) =>
        new(a.Hits - b.Hits, a.Misses - b.Misses, a.Fetches - b.Fetches, a.FetchFailures - b.FetchFailures);
}
