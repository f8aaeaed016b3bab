using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace ProxyCluster.Policy;

/// <summary>
/// What clients have asked this member in the last day, in memory, so that a policy can be tried on it before it is in force.
/// <para>
/// <b>Bounds.</b> Two halves of at most twelve hours and <see cref="MaxOfHalf"/> different questions each; when one is full, or over, the older half is
/// forgotten. That is some 8 MB, 30 MB with the longest names that are noted, and half a day at least, or fewer hours where more is asked; 4 KB more
/// for each login that has as many groups as one may. It ends with the process.
/// </para>
/// <para>
/// <b>What it does not see</b>: answers from memory by the fast path, which looks at nobody. Each began as a question that was seen, but of
/// whoever asked first. Who is to see every request keeps an audit.
/// </para>
/// </summary>
internal sealed class QuestionsOfTheDay(TimeProvider clock)
{
    /// <summary>Different questions that one half takes.</summary>
    public const int MaxOfHalf = 10_000;

    // Longer ones than any in use, which cost memory.
    private const int MaxName = 512;

    private static readonly TimeSpan HalfDay = TimeSpan.FromHours(12);

    // Guards the change of halves.
    private readonly Lock _lock = new();
    private Half _now = new(clock.GetUtcNow());
    private Half? _before;

    /// <summary>Since when nothing was forgotten.</summary>
    public DateTimeOffset Since
    {
        get
        {
            lock (_lock)
                return (_before ?? _now).From;
        }
    }

    /// <summary>Notes a client's question. Beside the hot path, in front of every request that is passed on: no lock where the same was asked before.</summary>
    public void Note(PolicyQuestion question)
    {
        if (question.Module.Value.Length + (question.Version?.Length ?? 0) + question.Reference.Length > MaxName)
            return;
        var half = Volatile.Read(ref _now);
        if (half.IsFull || clock.GetUtcNow() - half.From >= HalfDay)
            half = Turn(half);
        var client = question.Client;
        var key = new Key(question.Module.Value, question.Version, question.Kind, question.Reference, client.Identity?.Subject, client.Namespace, client.Address);
        half.Find(key, question).Count();
    }

    /// <summary>Each of them, and how often it was asked.</summary>
    public ImmutableArray<(PolicyQuestion Question, long Times)> All()
    {
        Half? before;
        Half now;
        lock (_lock)
            (before, now) = (_before, _now);
        return
        [
            .. (before?.Questions ?? []).Concat(now.Questions)
                .GroupBy(static pair => pair.Key)
                .Select(static same => (same.First().Value.Question, same.Sum(static one => one.Value.Times))),
        ];
    }

    private Half Turn(Half full)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(full, _now))
                return _now;

            // The other half is over too, where nobody has asked since.
            var now = clock.GetUtcNow();
            _before = now - full.From >= 2 * HalfDay ? null : full;
            Volatile.Write(ref _now, new Half(now));
            return _now;
        }
    }

    private readonly record struct Key(string Module, string? Version, AskKinds Kind, string Reference, string? Subject, string Namespace, System.Net.IPAddress? Address);

    private sealed class Asked(PolicyQuestion question)
    {
        private long _times;

        public PolicyQuestion Question => question;

        public long Times => Interlocked.Read(ref _times);

        public void Count() => Interlocked.Increment(ref _times);
    }

    private sealed class Half(DateTimeOffset from)
    {
        private readonly ConcurrentDictionary<Key, Asked> _questions = [];
        private int _count;

        public DateTimeOffset From => from;

        public IEnumerable<KeyValuePair<Key, Asked>> Questions => _questions;

        // The dictionary's own count takes all of its locks, hundreds of them when it is full.
        public bool IsFull => Volatile.Read(ref _count) >= MaxOfHalf;

        public Asked Find(in Key key, in PolicyQuestion question)
        {
            if (_questions.TryGetValue(key, out var asked))
                return asked;
            var mine = new Asked(question);
            asked = _questions.GetOrAdd(key, mine);
            if (ReferenceEquals(asked, mine))
                Interlocked.Increment(ref _count);
            return asked;
        }
    }
}
