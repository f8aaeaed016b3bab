using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Copies;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Lines;
using ProxyCluster.Storage;
using ProxyCluster.Tests.Lines;

namespace ProxyCluster.Tests.Copies;

/// <summary>Every lie of a peer, over real HTTP: to who fills from it, and to whom it asks to copy from it.</summary>
public sealed class PeerLiesTests(PeerLiesTests.Liar liar) : CopyLies, IClassFixture<PeerLiesTests.Liar>
{
    [Theory]
    [MemberData(nameof(Table))]
    public Task Fill_FromALiar_NothingFalseBecomesOurs(string lie, ArtifactKind kind) =>
        liar.TellAsync(lie, kind, liar.Strict, null, victim => FillAsync(victim, kind));

    [Theory]
    [MemberData(nameof(Table))]
    public Task Replicate_FromALiar_NothingFalseBecomesOurs(string lie, ArtifactKind kind) => liar.TellAsync(
        lie,
        kind,
        liar.Strict,
        null,
        async victim => (await victim.Services.GetRequiredService<CopyTaker>()
            .TakeAsync(liar.Member.Id, liar.Site.Module.Module, kind, Cancel)).Failure is null);

    [Theory]
    [MemberData(nameof(PinnedTable))]
    public Task Fill_UnderANoSumPattern_NothingButTheBytesIsTheLiarsWord(string lie, ArtifactKind kind) =>
        liar.TellAsync(lie, kind, liar.Lax, Liar.Pattern, victim => FillAsync(victim, kind));

    private async Task<bool> FillAsync(WebApplication victim, ArtifactKind kind) => (await victim.Services.GetRequiredService<PeerFill>()
        .FillAsync(liar.Member, liar.Site.Module.Module, kind, AskLevel.Stored, static () => { }, Cancel)).Failure is null;

    /// <summary>A silo that proves modules, one that pins them, and a member that says what a test wants.</summary>
    public sealed class Liar : IAsyncLifetime
    {
        internal const string Pattern = "sample.proxycluster.dev/*";

        private ScriptedPeer _peer = null!;
        private ModuleRecord _true = null!;
        private Func<HttpContext, Task>? _answer;

        internal PeerSite Site { get; private set; } = null!;

        internal WebApplication Strict { get; private set; } = null!;

        internal WebApplication Lax { get; private set; } = null!;

        internal Member Member => _peer.Member;

        public async ValueTask InitializeAsync()
        {
            Site = await PeerSite.StartAsync();
            _true = await TruthAsync(Site);
            _peer = await Site.ScriptAsync("liar", (context, _) => AnswerAsync(context));

            Strict = await Site.AddAsync("strict", Role.Silo, MirroredSetting);

            // In a cluster of its own: they would not believe each other.
            Lax = await Site.AddAsync(
                "lax", Role.Silo, static services => services.AddSingleton(new LocalCluster()), ("Verification:NoSumDb", Pattern));
        }

        internal Task TellAsync(
            string lie, ArtifactKind kind, WebApplication victim, string? pattern, Func<WebApplication, Task<bool>> takeAsync) =>
            CheckAsync(lie, kind, Site.Module, Site.Other, _true, victim, Member.Id, pattern, async (record, bytes) =>
            {
                _answer = async context =>
                {
                    await ScriptedPeer.FrameAsync(context, PeerFrameType.Record, RecordFile.Write(record));
                    await ScriptedPeer.BytesAsync(context, bytes);
                };
                try
                {
                    return await takeAsync(victim);
                }
                finally
                {
                    _answer = null;
                }
            });

        public ValueTask DisposeAsync() => Site.DisposeAsync();

        private Task AnswerAsync(HttpContext context)
        {
            if (_answer is { } answer)
                return answer(context);
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        }
    }

    /// <summary>What a silo that fetched all of a module by itself knows of it; it is gone by then.</summary>
    internal static async Task<ModuleRecord> TruthAsync(PeerSite site)
    {
        var maker = await site.AddAsync("maker", Role.Silo);
        foreach (var kind in Enum.GetValues<ArtifactKind>())
            await site.Client.GetByteArrayAsync(new Uri($"{maker.Urls.First()}/{DiskStore.KeyOf(site.Module.Module, kind)}"), Cancel);
        var record = maker.Services.GetRequiredService<DiskStore>().FindRecordOrNull(site.Module.Module)!;
        await site.RemoveAsync(maker);
        return record;
    }
}
