using System.Collections.Immutable;
using System.Globalization;
using ProxyCluster.Audit;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Lines;
using ProxyCluster.Storage;

namespace ProxyCluster.Admin;

/// <summary>
/// The one way back from "once stored, never changed": an operator has a module version forgotten, record and bytes, where a
/// wrong one was pinned and nothing else makes the cluster let go of it. What is asked for next is fetched and proven anew.
/// <para>
/// <b>Everywhere.</b> Every silo of the view deletes it from its disk, its memory and its region's shared store, and every front
/// end from its memory. Copies travel while that goes on: a member that has forgotten may take it again from one that has not. So
/// everybody is asked again until nobody held it any more.
/// </para>
/// <para>
/// <b>Who is away keeps it</b>, and says so to nobody. Therefore the order counts as done only when every member, and every
/// region of the routing table, has answered. A silo that comes back with the old record serves it to its own clients, and
/// others may copy it where they hold none; where they hold a new one that differs, both sides report the conflict and
/// neither changes. Give the order again when it is back. Road not taken: a note of what was forgotten, kept by everybody for
/// ever and asked on every commit, for a case that has an operator's attention anyway.
/// </para>
/// </summary>
internal sealed partial class Forgetting(
    ClusterSelf self, PeerCalls calls, DiskStore disk, RegionalStore region, TimeProvider clock, AuditLog audit, ILogger<Forgetting> logger)
{
    private const int MaxRounds = 4;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Has the whole cluster forget it; the log says who wanted that, why, and what each member said.</summary>
    public async Task<ForgetAnswer> EverywhereAsync(ModuleVersion module, string reason, string who, CancellationToken cancel)
    {
        var view = self.View;
        var results = view.Members.ToDictionary(static member => member.Id, static member => Said(member, ForgetResult.NotHeld), StringComparer.Ordinal);
        var isHeld = true;
        for (var round = 0; isHeld && round < MaxRounds; round++)
        {
            var asked = view.Members.Where(member => results[member.Id].Result != ForgetResult.Unreachable);
            var said = await Task.WhenAll(asked.Select(member => member.Id == self.Member.Id ? AskOurselvesAsync(member, module, cancel) : AskAsync(member, module, cancel)));
            isHeld = said.Any(static one => one.Result == ForgetResult.Forgotten);
            foreach (var one in said.Where(static one => one.Result != ForgetResult.NotHeld))
                results[one.Member] = one;
        }

        var gone = view.Routing.Regions.Select(static entry => entry.Name)
            .Except(view.Members.Where(static member => member.IsSilo).Select(static silo => silo.Region), StringComparer.Ordinal)
            .Select(static name => new ForgetResult("", name, ForgetResult.Unreachable, "the region has no live silo"));
        ImmutableArray<ForgetResult> members =
        [
            .. results.Values.Concat(gone).OrderBy(static one => one.Region, StringComparer.Ordinal).ThenBy(static one => one.Member, StringComparer.Ordinal),
        ];
        var answer = new ForgetAnswer(
            module.ToString(), !isHeld && members.All(static one => one.Result != ForgetResult.Unreachable), members);
        Log.Ordered(logger, who, module.Path.Value, module.Version, reason, answer.Complete,
            string.Join("; ", members.Select(static one => string.Create(CultureInfo.InvariantCulture, $"{one.Region}/{one.Member} {one.Result}"))));
        audit.Note(new(clock.GetUtcNow(), AuditWord.Order) { By = who, Rule = "forget", What = ProxyPath.ToArtifact(module, ArtifactKind.Zip), Text = reason });
        return answer;
    }

    /// <summary>Forgets it here and in the region's shared store. True when it was there.</summary>
    /// <exception cref="StoreException">One of the two could not be changed.</exception>
    public async Task<bool> HereAsync(ModuleVersion module, string orderedBy, CancellationToken cancel)
    {
        // The shared one first: this disk would be filled from it again.
        var wasShared = region.Blobs is { } blobs && await blobs.DeleteAsync(module, cancel);
        var wasHere = await disk.DeleteAsync(module, cancel);
        if (wasShared || wasHere)
            Log.Forgotten(logger, module.Path.Value, module.Version, orderedBy);
        return wasShared || wasHere;
    }

    private async Task<ForgetResult> AskOurselvesAsync(Member member, ModuleVersion module, CancellationToken cancel)
    {
        try
        {
            return Said(member, await HereAsync(module, member.Id, cancel) ? ForgetResult.Forgotten : ForgetResult.NotHeld);
        }
        catch (StoreException e)
        {
            return Said(member, ForgetResult.Unreachable, e.Message);
        }
    }

    private async Task<ForgetResult> AskAsync(Member member, ModuleVersion module, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(Limit, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        try
        {
            var sent = await calls.SendAsync(member, HttpMethod.Post, PeerTarget.Forget(module), null, both.Token);
            if (!sent.TryGet(out var response, out var failure))
                return Said(member, ForgetResult.Unreachable, failure.Message);
            using (response)
            {
                // By its word and not by its status: a member that does not know the question says 404.
                var word = (await response.Content.ReadAsStringAsync(both.Token)).Trim();
                return response.IsSuccessStatusCode && word is ForgetResult.Forgotten or ForgetResult.NotHeld
                    ? Said(member, word)
                    : Said(member, ForgetResult.Unreachable, $"it answered {(int)response.StatusCode}: {word}");
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return Said(member, ForgetResult.Unreachable, e is OperationCanceledException ? "it did not answer in time" : e.Message);
        }
    }

    private static ForgetResult Said(Member member, string result, string? detail = null) => new(member.Id, member.Region, result, detail);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning,
            "Operator {Operator} had {Module}@{Version} forgotten (reason: {Reason}; complete: {Complete}): {Members}")]
        public static partial void Ordered(
            ILogger logger, string @operator, string module, string version, string reason, bool complete, string members);

        [LoggerMessage(LogLevel.Warning, "Forgot {Module}@{Version}, record and artifacts, at the word of {Member}")]
        public static partial void Forgotten(ILogger logger, string module, string version, string member);
    }
}
