using System.Collections.Concurrent;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Clustering.Agreed;

/// <summary>
/// Follows what the cluster agrees on, and changes it.
/// <para>
/// <b>In force within two seconds.</b> Every member asks for what is newer than it knows, once a second; what it hears goes to
/// whoever obeys it (<see cref="AgreedReader"/>) and to its disk, from which it is obeyed again at the next start, before anybody
/// could be asked. A member that can ask nobody obeys what it knows. Road not taken: to push a change to everybody. It comes
/// sooner by half a second, and the asking is needed all the same, for what a push misses.
/// </para>
/// <para>
/// <b>One history.</b> A change is a compare-and-swap on the number; what became of two at once is decided where the document
/// is kept. Where that place has lost it (a cluster store in memory goes with its last silo), the member that knows most
/// brings it back, until the first change there: what members know that is newer by its number is of another history then, and does not
/// count (<see cref="AgreedPlace"/>).
/// </para>
/// <para>
/// <b>A text that this program cannot read</b>, a newer program's, leaves the old one in force here; the log says so once.
/// </para>
/// </summary>
internal sealed partial class AgreedDocuments : HostedLoop
{
    private const int MaxRaces = 8;

    /// <summary>Between two questions.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly IAgreedCalls _calls;
    private readonly AgreedFile _file;
    private readonly IReadOnlyList<AgreedReader> _readers;
    private readonly ConcurrentDictionary<string, AgreedDocument> _known = new(StringComparer.Ordinal);
    private readonly Lock _taking = new();
    private readonly Lock _keeping = new();

    public AgreedDocuments(IAgreedCalls calls, AgreedFile file, IEnumerable<AgreedReader> readers, TimeProvider clock, ILogger<AgreedDocuments> logger)
        : base(clock, logger)
    {
        _calls = calls;
        _file = file;
        _readers = [.. readers];
    }

    /// <inheritdoc/>
    protected override IEnumerable<Turn> Strands => [TurnAsync];

    /// <summary>Revision of the document that is known here; it is in force unless it could not be read.</summary>
    public long RevisionOf(string name) => KnownOf(name).Revision;

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var reader in _readers)
            Take(reader, _file.Read(reader.Name), isNews: false);
        return base.StartAsync(cancellationToken);
    }

    /// <summary>
    /// Changes a document: <paramref name="step"/> makes the next text from the newest one, as often as others are faster. The failure is the
    /// step's own, or says that nobody could be asked, in which case the change may have been made all the same.
    /// </summary>
    public async Task<Outcome<AgreedDocument>> ChangeAsync(string name, Func<ReadOnlyMemory<byte>, Outcome<byte[]>> step, CancellationToken cancel)
    {
        var reader = _readers.First(reader => reader.Name == name);
        for (var race = 0; race < MaxRaces; race++)
        {
            // 1. From the newest.
            if (!await FollowAsync(reader, cancel))
                break;
            var known = KnownOf(name);
            if (!step(known.Content).TryGet(out var content, out var failure))
                return failure;
            if (content.AsSpan().SequenceEqual(known.Content))
                return known;

            // 2. To the next; whoever was faster made the newest.
            var written = await _calls.WriteAsync(name, known, content, cancel);
            if (written == AgreedWrite.Written)
            {
                Take(reader, known.Next(content), isNews: true);
                return known.Next(content);
            }

            if (written == AgreedWrite.Unavailable)
                break;
        }

        return new Failure(
            FailureKind.PeerUnavailable,
            $"the cluster could not be asked to agree on new {name} now; look whether it has before you try again", TimeSpan.FromSeconds(2));
    }

    private AgreedDocument KnownOf(string name) => _known.GetValueOrDefault(name, AgreedDocument.None);

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        foreach (var reader in _readers)
            await FollowAsync(reader, stop);
        await Task.Delay(Interval, Clock, stop);
        return true;
    }

    /// <summary>Asks once; false when nobody answered.</summary>
    internal async Task<bool> FollowAsync(AgreedReader reader, CancellationToken cancel)
    {
        var known = KnownOf(reader.Name);
        if (await _calls.ReadAsync(reader.Name, known, cancel) is not { } agreed)
            return false;
        if (agreed.Revision < known.Revision)
            Log.OtherHistory(Logger, reader.Name, known.Revision, agreed.Revision);
        if ((agreed.Revision, agreed.Mark) != (known.Revision, known.Mark))
            Take(reader, agreed, isNews: true);
        return true;
    }

    private void Take(AgreedReader reader, AgreedDocument document, bool isNews)
    {
        lock (_taking)
        {
            // Two may have asked at once, and then one was first.
            var known = KnownOf(reader.Name);
            if ((known.Revision, known.Mark) == (document.Revision, document.Mark))
                return;

            // 1. Obeyed first: a disk that hangs must not keep an order from being one.
            if (reader.TakeOrFault(document.Content) is { } fault)
            {
                // What the cluster says is not asked for again; a file of ours that is damaged says nothing.
                Log.NotUnderstood(Logger, reader.Name, document.Revision, fault);
                if (isNews)
                    _known[reader.Name] = document;
                return;
            }

            _known[reader.Name] = document;
            Log.Taken(Logger, reader.Name, document.Revision);
        }

        // 2. And kept for the next start: the newest by then, so that two who write never leave the older one. Who obeys does not wait.
        if (!isNews)
            return;
        lock (_keeping)
            _file.Write(reader.Name, KnownOf(reader.Name));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "The cluster's {Name} of revision {Revision} are in force here")]
        public static partial void Taken(ILogger logger, string name, long revision);

        [LoggerMessage(LogLevel.Error,
            "This member knows the cluster's {Name} of revision {Known}, and the cluster has gone on from an older one to {Revision}: that is obeyed from now on")]
        public static partial void OtherHistory(ILogger logger, string name, long known, long revision);

        [LoggerMessage(LogLevel.Error, "The cluster's {Name} of revision {Revision} cannot be obeyed here, the ones before stay in force: {Reason}")]
        public static partial void NotUnderstood(ILogger logger, string name, long revision, string reason);
    }
}
