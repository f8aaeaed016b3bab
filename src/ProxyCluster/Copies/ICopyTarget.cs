using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;

namespace ProxyCluster.Copies;

/// <summary>Who is to get copies of what is committed here, and how a copy reaches him. The waiting is <see cref="CopyQueue{T}"/>'s.</summary>
internal interface ICopyTarget
{
    /// <summary>Where notes of what is owed are kept; nothing else is.</summary>
    string Notes { get; }

    /// <summary>Copies owed at once.</summary>
    int MaxWaiting { get; }

    /// <summary>Whether the oldest copy is dropped for a new one beyond that; otherwise it is the new one.</summary>
    bool KeepsNewest { get; }

    /// <summary>Copies handed out at once; 0 where there is nobody to hand out to.</summary>
    int Parallel { get; }

    /// <summary>Attempts after which another one may get the copy.</summary>
    int Attempts { get; }

    /// <summary>Pause after a copy's first failed attempt; it doubles with each.</summary>
    TimeSpan FirstPause { get; }

    /// <summary>Where that ends.</summary>
    TimeSpan LongestPause { get; }

    /// <summary>Limit of an attempt that whoever fetched waits for; zero where nobody waits.</summary>
    TimeSpan AtOnceWithin { get; }

    /// <summary>How long a process that is told to stop goes on handing out.</summary>
    TimeSpan StopPatience { get; }

    /// <summary>Whether it can be used at all; called at the start.</summary>
    /// <exception cref="StoreException">Only a changed setting helps.</exception>
    Task CheckAsync(CancellationToken cancel);

    /// <summary>To whom an artifact is owed that was just committed.</summary>
    IEnumerable<string> OwedTo(ModuleRecord record, ArtifactKind kind);

    /// <summary>One attempt, the first one being number 1. What the world may do is a result.</summary>
    Task<HandOut> TryAsync(OwedCopy copy, int number, CancellationToken cancel);

    /// <summary>Who may have the copy in place of whom it is owed to; null where there is nobody.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="isOwed">Whether it is owed to somebody already.</param>
    string? SubstituteOrNull(OwedCopy copy, Func<string, bool> isOwed);

    /// <summary>Counts what became of a copy.</summary>
    void Count(OwedCopy copy, string outcome);

    /// <summary>Gives what is owed, for metrics of lag.</summary>
    void Observe(Func<ICollection<OwedCopy>> owed);
}

/// <summary>What became of an attempt.</summary>
/// <param name="Outcome">How the copy was settled; null where it stays owed.</param>
/// <param name="Why">Why it does.</param>
internal readonly record struct HandOut(string? Outcome, string Why)
{
    public static HandOut Settled(string outcome) => new(outcome, "");

    public static HandOut Failed(string why) => new(null, why);
}
