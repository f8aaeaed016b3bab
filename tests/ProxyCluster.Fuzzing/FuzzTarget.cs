namespace ProxyCluster.Fuzzing;

/// <summary>
/// Something that parses what strangers send. It never throws, and what it accepts is what its writer would have written;
/// what more must hold, each target says.
/// </summary>
internal abstract class FuzzTarget : IDisposable
{
    private static readonly Dictionary<string, Func<FuzzTarget>> Makers = new(StringComparer.Ordinal)
    {
        ["request-target"] = static () => new RequestTargetFuzz(),
        ["note"] = static () => new NoteFuzz(),
        ["tree"] = static () => new TreeFuzz(),
        ["tile"] = static () => new TileFuzz(),
        ["lookup"] = static () => new LookupFuzz(),
        ["zip"] = static () => new ZipFuzz(),
        ["record"] = static () => new RecordFuzz(),
        ["stored-answer"] = static () => new StoredAnswerFuzz(),
        ["frame"] = static () => new FrameFuzz(),
    };

    /// <summary>The names of all targets.</summary>
    public static IReadOnlyCollection<string> Names => Makers.Keys;

    /// <summary>Inputs that are right, to start from.</summary>
    public abstract IReadOnlyList<byte[]> Sound { get; }

    /// <summary>The target of that name.</summary>
    public static FuzzTarget Make(string name) => Makers[name]();

    /// <summary>Whether everything holds that must, whatever the input is.</summary>
    public abstract bool Holds(byte[] bytes);

    /// <summary>Removes what it has on disk.</summary>
    public virtual void Dispose()
    {
    }
}
