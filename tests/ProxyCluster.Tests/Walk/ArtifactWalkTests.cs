using System.Net;
using ProxyCluster.Clustering;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Rulings;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Gate;
using ProxyCluster.Tests.Storage;
using ProxyCluster.Tests.Verification;
using ProxyCluster.Verification;
using ProxyCluster.Walk;

namespace ProxyCluster.Tests.Walk;

/// <summary>What the walk notes on an entry in memory, while policy changes under it.</summary>
public sealed class ArtifactWalkTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Judge_ARecordThatIsVoid_MayNotBeServed()
    {
        using var scratch = new ScratchDirectory();
        using var room = new VerificationRoom(new VerificationOptions { SumDb = "off" }, scratch["sums"]);
        var rulings = new RulingBook();
        var gate = Gates.Of(room.Verifier, rulings);
        var record = StoreSite.Proposal(StoreSite.Module(), ArtifactKind.Zip, [1], "h1:a");
        var ask = new Ask(ProxyPath.ToArtifact(record.Module, ArtifactKind.Zip), new Asker(IPAddress.Loopback), AskLevel.Client, Door.Client);
        Assert.True(gate.Judge(ask, record).MayServe);

        rulings.TakeOrFault(RulingSet.Empty.With(new Ruling(RulingVerb.Accept, record.Module, "h1:b", null, "alice", "a test", default)).Write());

        Assert.False(gate.Judge(ask, record).MayServe);
    }

    [Fact]
    public async Task Withdrawn_WhileItsBytesAreHashed_IsNotLeftInMemoryAsAllowed()
    {
        using var scratch = new ScratchDirectory();
        var hashing = new HashGate();
        await using var site = new DiskSite(hash: hashing.HashAsync);
        using var room = new VerificationRoom(new VerificationOptions { SumDb = "off" }, scratch["sums"], site.Clock);
        var gate = Gates.Of(room.Verifier, site.Rulings);
        var walk = new ArtifactWalk(gate, site.Disk, null!);
        var module = StoreSite.Module();
        await site.CommitBeforeStartAsync(module, ArtifactKind.Zip, StoreSite.Bytes(100));
        var ask = new Ask(ProxyPath.ToArtifact(module, ArtifactKind.Zip), new Asker(IPAddress.Loopback), AskLevel.Client, Door.Client);

        // 1. Judged, and then withdrawn while it is hashed: whoever asked before is served.
        var opening = walk.OpenAsync(ask, Cancel).AsTask();
        await hashing.Entered;
        site.Rulings.TakeOrFault(RulingSet.Empty.With(new Ruling(RulingVerb.Withdraw, module, null, null, "alice", "a test", default)).Write());
        hashing.Open();
        using var opened = (await opening).Value;

        // 2. The entry is not one that the present gate let through.
        Assert.NotEqual(gate.Version, opened.Content.Artifact.AcceptedBy);
        Assert.Equal(FailureKind.Blocked, (await walk.OpenAsync(ask, Cancel)).Failure?.Kind);
    }
}
