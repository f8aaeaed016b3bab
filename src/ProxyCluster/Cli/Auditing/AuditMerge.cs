using System.Runtime.CompilerServices;
using ProxyCluster.Audit;

namespace ProxyCluster.Cli.Auditing;

/// <summary>Lines of several logs as one.</summary>
internal static class AuditMerge
{
    /// <summary>The oldest of what each source says next, again and again: each is in the order of its time, but for moments. One line of each is held.</summary>
    public static async IAsyncEnumerable<AuditLine> ByTime(IReadOnlyList<IAsyncEnumerable<AuditLine>> sources, [EnumeratorCancellation] CancellationToken cancel)
    {
        var all = sources.Select(source => source.GetAsyncEnumerator(cancel)).ToList();
        try
        {
            var next = new PriorityQueue<IAsyncEnumerator<AuditLine>, DateTimeOffset>();
            foreach (var one in all)
                await AdvanceAsync(one).ConfigureAwait(false);
            while (next.TryDequeue(out var oldest, out _))
            {
                yield return oldest.Current;
                await AdvanceAsync(oldest).ConfigureAwait(false);
            }

            async Task AdvanceAsync(IAsyncEnumerator<AuditLine> one)
            {
                if (await one.MoveNextAsync().ConfigureAwait(false))
                    next.Enqueue(one, one.Current.Time);
            }
        }
        finally
        {
            foreach (var one in all)
                await one.DisposeAsync().ConfigureAwait(false);
        }
    }
}
