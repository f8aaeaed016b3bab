using Orleans;
using Orleans.Concurrency;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Grains;

/// <summary>The owner of a module version; its key is <c>path@version</c>.</summary>
internal interface IModuleVersionGrain : IGrainWithStringKey
{
    /// <summary>
    /// Has the artifact stored in this grain's silo. Answers within the patience at the latest, if only to say that it is
    /// working; ask again then.
    /// </summary>
    /// <param name="kind">Which artifact, as the number of its kind.</param>
    /// <param name="patience">Time to wait for the end of the work.</param>
    /// <param name="asker">Authority of the member that will copy it from there, and be one of its holders then.</param>
    [AlwaysInterleave]
    Task<OwnerWord> HaveAsync(int kind, TimeSpan patience, string asker);
}

/// <summary>The owner of a module path's queries; its key is the path.</summary>
internal interface IModuleIndexGrain : IGrainWithStringKey
{
    /// <summary>The answer to a query, given by its path in a URL; otherwise as <see cref="IModuleVersionGrain.HaveAsync"/>.</summary>
    /// <param name="query">For instance <c>example.com/m/@v/list</c>.</param>
    /// <param name="patience">Time to wait for the end of the work.</param>
    [AlwaysInterleave]
    Task<OwnerWord> AskAsync(string query, TimeSpan patience);
}

/// <summary>What an owner says.</summary>
internal enum OwnerWordKind
{
    /// <summary>It is working; ask again.</summary>
    Working,

    /// <summary>Done; the payload is the record or the answer, as members exchange it.</summary>
    Done,

    /// <summary>It failed; the payload is the failure, as members exchange it.</summary>
    Failed,
}

/// <summary>An owner's word. Records, answers and failures travel in the form in which members exchange them.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Member">Id of the member in which the grain lives.</param>
/// <param name="Payload">The record, the answer or the failure, as UTF-8 JSON; empty while working.</param>
[GenerateSerializer, Immutable]
internal sealed record OwnerWord(
    [property: Id(0)] OwnerWordKind Kind, [property: Id(1)] string Member, [property: Id(2)] byte[] Payload)
{
    /// <summary>What came of the work by now; null while it goes on.</summary>
    public static OwnerWord Of<T>(Outcome<T>? outcome, string member, Func<T, byte[]> write)
        where T : notnull =>
        outcome is not { } ended ? new(OwnerWordKind.Working, member, [])
            : ended.TryGet(out var value, out var failure) ? new(OwnerWordKind.Done, member, write(value))
            : new(OwnerWordKind.Failed, member, PeerFailure.Write(failure));
}
