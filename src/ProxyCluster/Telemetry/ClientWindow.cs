using System.Collections.Concurrent;
using ProxyCluster.Sockets;

namespace ProxyCluster.Telemetry;

/// <summary>
/// What each client asked, was refused and waited within the last ten minutes, so that the one who does it is found. Hot
/// path: a look-up without a lock, and one or two increments; only the first request of an address allocates.
/// <para>
/// Strangers choose their addresses, so a fixed number of them is counted, each exactly. When one more comes, the quarter that
/// did least makes room, and what it did stays in a sum of all that were dropped. No figure is ever too high therefore, and
/// none is too low by more than that sum; and who did more than a 768th of everything is not dropped, however many others
/// come once. What was done is compared as one number: requests, refusals and seconds in queues, added up.
/// </para>
/// <para>
/// Road not taken: the space-saving sketch, in which a newcomer inherits what the smallest did. It bounds the same error from
/// the other side, and would say of whoever came once that he asked a hundred times.
/// </para>
/// A count that races a drop or the reuse of a slot may be lost, as in <see cref="TrafficWindow"/>.
/// </summary>
internal sealed class ClientWindow(TimeProvider clock)
{
    /// <summary>What <see cref="Read"/> may cover.</summary>
    public static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <inheritdoc cref="Minute"/>
    public static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);

    /// <summary>Clients told apart. A slot has 24 bytes, so all of them have 1.6 MB.</summary>
    internal const int MaxClients = 1024;

    private const int SliceSeconds = 10;
    private const int Slices = 60;
    private const int Slots = 64; // a power of two above the slices, so that a slot is reused long after its last reading

    private readonly long _origin = clock.GetTimestamp();
    private readonly ConcurrentDictionary<ClientAddress, Tally> _tallies = new();
    private readonly Tally _dropped = new();

    // Guards who is in the dictionary, and the dropped ones' sum.
    private readonly Lock _lock = new();

    /// <summary>Counts a client's request.</summary>
    /// <param name="client">Whose it was.</param>
    /// <param name="isRefused">It was turned away, and not answered.</param>
    /// <param name="now">Timestamp, which whoever counts a request has anyway.</param>
    public void CountRequest(ClientAddress client, bool isRefused, long now)
    {
        ref var slot = ref SlotOf(client, now);
        Interlocked.Increment(ref slot.Requests);
        if (isRefused)
            Interlocked.Increment(ref slot.Refused);
    }

    /// <summary>Counts a connection that was turned away before it could ask.</summary>
    public void CountTurnedAway(ClientAddress client) => Interlocked.Increment(ref SlotOf(client, clock.GetTimestamp()).Refused);

    /// <summary>Counts time that a client's work waited for a turn.</summary>
    public void CountQueued(ClientAddress client, TimeSpan waited, long now) => Interlocked.Add(ref SlotOf(client, now).Queued, waited.Ticks);

    /// <summary>The sums over a window of at most ten minutes, the present slice of ten seconds included.</summary>
    public ClientReading Read(TimeSpan window)
    {
        var since = SliceAt(clock.GetTimestamp()) - (int)(window.TotalSeconds / SliceSeconds);
        lock (_lock)
        {
            return new(
                [.. _tallies.Select(one => KeyValuePair.Create(one.Key, one.Value.Sum(since))).Where(static one => one.Value != default)],
                _dropped.Sum(since));
        }
    }

    private ref Slot SlotOf(ClientAddress client, long now)
    {
        var slice = SliceAt(now);
        if (!_tallies.TryGetValue(client, out var tally))
            tally = Add(client, slice);
        return ref tally.At(slice);
    }

    private Tally Add(ClientAddress client, int slice)
    {
        lock (_lock)
        {
            if (_tallies.TryGetValue(client, out var known))
                return known;
            if (_tallies.Count >= MaxClients)
                Drop_NeedsLock(slice);
            return _tallies[client] = new Tally();
        }
    }

    // A quarter at once: the sums are made rarely, however many come.
    private void Drop_NeedsLock(int slice)
    {
        var least = _tallies
            .Select(one => (one.Key, one.Value, Weight: one.Value.Sum(slice - Slices).Weight))
            .OrderBy(static one => one.Weight)
            .Take(MaxClients / 4);
        foreach (var (client, tally, _) in least)
        {
            _tallies.TryRemove(client, out _);
            tally.AddTo(_dropped, slice - Slices);
        }
    }

    private int SliceAt(long now) => (int)(clock.GetElapsedTime(_origin, now).Ticks / (SliceSeconds * TimeSpan.TicksPerSecond)) + Slots;

    private struct Slot
    {
        public int Slice;
        public int Requests;
        public int Refused;
        public long Queued;
    }

    private sealed class Tally
    {
        // Guards their reuse, as a whole.
        private readonly Slot[] _slots = new Slot[Slots];

        public ref Slot At(int slice)
        {
            ref var slot = ref _slots[slice % Slots];
            if (Volatile.Read(ref slot.Slice) != slice)
                Reuse(ref slot, slice);
            return ref slot;
        }

        public ClientFigures Sum(int since)
        {
            long requests = 0, refused = 0, queued = 0;
            foreach (ref var slot in _slots.AsSpan())
            {
                if (Volatile.Read(ref slot.Slice) <= since)
                    continue;
                requests += Volatile.Read(ref slot.Requests);
                refused += Volatile.Read(ref slot.Refused);
                queued += Volatile.Read(ref slot.Queued);
            }

            return new ClientFigures(requests, refused, TimeSpan.FromTicks(queued));
        }

        public void AddTo(Tally sum, int since)
        {
            foreach (ref var slot in _slots.AsSpan())
            {
                if (slot.Slice <= since)
                    continue;
                ref var into = ref sum.At(slot.Slice);
                into.Requests += slot.Requests;
                into.Refused += slot.Refused;
                into.Queued += slot.Queued;
            }
        }

        private void Reuse(ref Slot slot, int slice)
        {
            lock (_slots)
            {
                if (slot.Slice == slice)
                    return;
                slot.Requests = slot.Refused = 0;
                slot.Queued = 0;
                Volatile.Write(ref slot.Slice, slice);
            }
        }
    }
}

/// <summary>What a <see cref="ClientWindow"/> counted.</summary>
/// <param name="Clients">Each client that did anything.</param>
/// <param name="Untracked">What those did together who were dropped, until then.</param>
internal sealed record ClientReading(IReadOnlyList<KeyValuePair<ClientAddress, ClientFigures>> Clients, ClientFigures Untracked)
{
    /// <summary>What everybody did.</summary>
    public ClientFigures Total => Clients.Aggregate(Untracked, static (sum, one) => sum + one.Value);
}

/// <summary>What a client did.</summary>
/// <param name="Requests">How often it asked.</param>
/// <param name="Refused">How often it was turned away: by a limit, or at the door.</param>
/// <param name="Queued">Time that its work waited for turns, all of its work added up.</param>
internal readonly record struct ClientFigures(long Requests, long Refused, TimeSpan Queued)
{
    /// <summary>All of it as one number, to compare clients by.</summary>
    public double Weight => Requests + Refused + Queued.TotalSeconds;

    public static ClientFigures operator +(ClientFigures a, ClientFigures b) =>
        new(a.Requests + b.Requests, a.Refused + b.Refused, a.Queued + b.Queued);
}
