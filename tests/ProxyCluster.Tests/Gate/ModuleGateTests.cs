using System.Net;
using ProxyCluster.Access;
using ProxyCluster.Clustering;
using ProxyCluster.Gate;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;
using ProxyCluster.Rulings;
using ProxyCluster.Storage;
using ProxyCluster.Tests.Verification;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Gate;

/// <summary>What the gate says, case by case.</summary>
public sealed class ModuleGateTests : IDisposable
{
    private static readonly ModuleVersion Module = new(ModulePath.Parse("example.com/m"), "v1.0.0");

    private readonly string _data = Directory.CreateTempSubdirectory("gate").FullName;
    private readonly RulingBook _rulings = new();
    private readonly PolicyBook _policy = Gates.Book();
    private readonly List<VerificationRoom> _rooms = [];

    public void Dispose()
    {
        _rooms.ForEach(static room => room.Dispose());
        Directory.Delete(_data, recursive: true);
    }

    [Theory]
    [InlineData("sumdb.test/go/lookup/example.org/mod@v1.0.0", true)]
    [InlineData("sumdb.test/go/lookup/example.org/mod/deeper@v1.0.0", true)]
    [InlineData("sumdb.test/go/lookup/example.org/!mod@v1.0.0", true)]
    [InlineData("sum.elsewhere.test/lookup/other.test/x@v1.0.0", true)] // no sum database is to hear of it either
    [InlineData("sumdb.test/go/lookup/example.com/m@v1.0.0", false)]
    [InlineData("sumdb.test/go/lookup/example.org", false)]
    [InlineData("sumdb.test/go/latest", false)]
    [InlineData("sumdb.test/go/tile/8/0/000", false)]
    [InlineData("example.org@/lookup/", false)]
    [InlineData("/lookup/@", false)]
    [InlineData("", false)]
    public void Judge_ALookup_IsRefusedForPrivateNamesOnly(string path, bool isRefused)
    {
        var gate = GateOf(options => (options.Private, options.NoSumDb) = ("example.org", "other.test"));
        var verdict = gate.Judge(Of(ProxyPath.Parse("sumdb/" + path)));
        Assert.Equal(isRefused ? FailureKind.Blocked : null, verdict.Refusal?.Kind);
    }

    [Theory]
    [InlineData(ArtifactKind.Info)]
    [InlineData(ArtifactKind.Mod)]
    [InlineData(ArtifactKind.Zip)]
    public void Judge_WhatNothingVerified_MayBeServedAsInfoOnly(ArtifactKind kind)
    {
        var gate = GateOf(static _ => { });
        Assert.Equal(kind == ArtifactKind.Info, gate.Judge(Of(ProxyPath.ToArtifact(Module, kind)), Record(null)).MayServe);
    }

    [Theory]
    [InlineData(VerificationKind.ChecksumDatabase, "sumdb.test/go", "", true)]
    [InlineData(VerificationKind.ChecksumDatabase, "sum.elsewhere.test", "", false)]
    [InlineData(VerificationKind.NoSumPattern, "example.com", "example.com", true)]
    [InlineData(VerificationKind.NoSumPattern, "example.com", "", false)]
    [InlineData(VerificationKind.NoSumPattern, "example.com", "example.org", false)]
    public void Judge_WhatARecordNames_MayBeServedAsTodaysPolicyAllows(VerificationKind kind, string authority, string noSum, bool mayServe)
    {
        var gate = GateOf(options => options.NoSumDb = noSum);
        var verdict = gate.Judge(Of(ProxyPath.ToArtifact(Module, ArtifactKind.Zip)), Record(By(kind, authority)));
        Assert.Equal((mayServe, null), (verdict.MayServe, verdict.Refusal));
    }

    [Theory]
    [InlineData(nameof(Door.Client), null, FailureKind.LoginRequired)]
    [InlineData(nameof(Door.Forwarded), null, FailureKind.LoginRequired)]
    [InlineData(nameof(Door.Client), "bob", FailureKind.Hidden)]
    [InlineData(nameof(Door.Forwarded), "bob", FailureKind.Hidden)]
    [InlineData(nameof(Door.Client), "alice", null)]
    [InlineData(nameof(Door.Forwarded), "alice", null)]
    [InlineData(nameof(Door.Member), null, null)]
    [InlineData(nameof(Door.Replication), null, null)]
    public void Judge_WhatIsForSome_IsDecidedForClientsAndNeverForAnybody(string through, string? subject, FailureKind? refusal)
    {
        var door = Enum.Parse<Door>(through);
        var access = new AccessOptions { TokenFile = "tokens" };
        access.Rules.Add(new AccessRuleOptions { Modules = "example.com", Read = { "subject:alice" } });
        var gate = GateOf(static options => options.NoSumDb = "example.com", access);
        foreach (var path in (string[])
        [
            "example.com/m/@v/v1.0.0.mod", "example.com/m/@v/list", "example.com/m/@latest", "example.com/m/@v/main.info", "example.com/m/@v/v1.info",
            $"example.com/{new string('a', 241)}/@v/list",
        ])
        {
            var ask = Of(ProxyPath.Parse(path)) with { From = door, Who = new Asker(null, "m") { Identity = subject is null ? null : new(subject, []) } };
            var verdict = gate.Judge(ask);
            Assert.False(verdict.IsForAnybody);
            if (!path.Contains("aaa", StringComparison.Ordinal))
                Assert.Equal(refusal, verdict.Refusal?.Kind);
            else
                Assert.Equal(refusal ?? FailureKind.BadRequest, verdict.Refusal?.Kind);
        }

        var lookup = Of(ProxyPath.Parse("sumdb/sumdb.test/go/lookup/example.com/m@v1.0.0")) with { From = door, Who = new Asker(null) { Identity = subject is null ? null : new(subject, []) } };
        Assert.Equal(refusal ?? FailureKind.Blocked, gate.Judge(lookup).Refusal?.Kind);
        Assert.False(gate.Judge(Of(ProxyPath.ToArtifact(Module, ArtifactKind.Mod)), Record(By(VerificationKind.NoSumPattern, "example.com"))).IsForAnybody);
        Assert.True(gate.Judge(Of(ProxyPath.Parse("sumdb/sumdb.test/go/latest"))).IsForAnybody);
        Assert.True(gate.Judge(Of(ProxyPath.Parse("example.org/m/@v/list"))).IsForAnybody);
    }

    [Theory]
    [InlineData(240, true)]
    [InlineData(241, false)]
    public void Judge_ANameAtTheLimitOfFileSystems_IsRefusedAboveIt(int length, bool mayBeAsked)
    {
        var gate = GateOf(static _ => { });
        var element = new string('a', length);
        foreach (var path in (string[])[$"example.com/{element}/@v/list", $"example.com/{element}/@v/v1.0.0.mod", $"example.com/{element}/@v/v1.info"])
        {
            var refusal = gate.Judge(Of(ProxyPath.Parse(path))).Refusal;
            Assert.Equal(mayBeAsked ? null : FailureKind.BadRequest, refusal?.Kind);
        }
    }

    [Theory]
    [InlineData(ArtifactKind.Mod, true)]
    [InlineData(ArtifactKind.Zip, false)]
    public void Judge_AHashThatTheDatabasesProofDoesNotName_MayNotBeServed(ArtifactKind kind, bool mayServe)
    {
        var gate = GateOf(static _ => { });
        var by = new VerifiedBy(
            VerificationKind.ChecksumDatabase, "sumdb.test/go", default, new("sumdb.test/go", 0, $"{Module.Path} {Module.Version}/go.mod h1:mod\n", "", []));
        Assert.Equal(mayServe, gate.Judge(Of(ProxyPath.ToArtifact(Module, kind)), Record(by)).MayServe);
    }

    [Fact]
    public void Judge_AWithdrawnVersion_IsRefusedWithTheReasonAndItsNeighboursAreNot()
    {
        var gate = GateOf(static _ => { });
        var before = gate.Version;
        _rulings.TakeOrFault(RulingSet.Empty.With(new Ruling(
            RulingVerb.Withdraw, Module, null, null, "alice", "leaks a password", new DateTimeOffset(2026, 1, 2, 3, 4, 5, default))).Write());

        foreach (var kind in Enum.GetValues<ArtifactKind>())
        {
            var refusal = gate.Judge(Of(ProxyPath.ToArtifact(Module, kind))).Refusal;
            Assert.Equal(FailureKind.Blocked, refusal?.Kind);
            Assert.Equal("example.com/m@v1.0.0 was withdrawn by alice on 2026-01-02 03:04 UTC: leaks a password", refusal?.Message);
            Assert.Null(gate.Judge(Of(ProxyPath.ToArtifact(new ModuleVersion(Module.Path, "v1.0.1"), kind))).Refusal);
        }

        Assert.Equal(before + 1, gate.Version);
        Assert.True(gate.HidesSomeOf(Of(ProxyPath.Parse("example.com/m/@v/list"))));
        Assert.False(gate.HidesSomeOf(Of(ProxyPath.Parse("example.com/m/deeper/@v/list"))));
    }

    [Fact]
    public void Judge_WhatAPolicyBlocks_IsRefusedToClientsWithTheRulesReasonUnderTheNumberOfItsTrail()
    {
        var gate = GateOf(static _ => { });
        var before = gate.Version;
        _policy.Take("policy: 1\nrules:\n- name: old\n  match: {modules: example.com/m, versions: <v1.1.0}\n  action: block\n  reason: too old\n  instead: example.com/m@v1.1.0\n");
        Assert.Equal(before + 1, gate.Version);
        var ask = Of(ProxyPath.ToArtifact(Module, ArtifactKind.Mod)) with { Trail = gate.NewTrail(default) };

        Assert.Equal(
            new Failure(FailureKind.Blocked, "example.com/m@v1.0.0 is blocked by policy 1, rule old: too old\nuse instead: example.com/m@v1.1.0"), gate.Judge(ask).Refusal);
        Assert.Equal("old", ask.Trail.RefusedBy);
        Assert.Null(gate.Judge(ask with { Trail = null }).Refusal);
        Assert.True(gate.HidesSomeOf(Of(ProxyPath.Parse("example.com/m/@v/list")) with { Trail = ask.Trail }));

        // What began under it is judged by it until it has waited.
        _policy.Take("policy: 1\nrules: []\n");
        Assert.NotNull(gate.Judge(ask).Refusal);
        Assert.Equal((gate.Version - 1, gate.Version), (gate.VersionFor(ask), gate.Now.Version));
        gate.Renew(ask);
        Assert.Null(gate.Judge(ask).Refusal);
        Assert.Equal((2, null), (ask.Trail.Policy.Number, ask.Trail.RefusedBy));
    }

    [Theory]
    [InlineData("client: {subject: alice}", false)]
    [InlineData("client: {address: 10.0.0.0/8}", false)]
    [InlineData("percent: 5", false)]
    [InlineData("query: [version, list]", true)]
    [InlineData("modules: example.org", true)]
    public void Judge_WhatAPolicyDecidesByWhoAsks_IsForNobodyElse(string condition, bool isForAnybody)
    {
        var gate = GateOf(static _ => { });
        _policy.Take($"policy: 1\nrules:\n- name: some\n  match: {{modules: example.com, {condition}}}\n  action: allow\n".Replace("modules: example.com, modules", "modules", StringComparison.Ordinal));
        foreach (var path in (string[])["example.com/m/@v/v1.0.0.mod", "example.com/m/@v/list"])
            Assert.Equal(isForAnybody, gate.Judge(Of(ProxyPath.Parse(path)) with { Trail = gate.NewTrail(default) }).IsForAnybody);
    }

    // What a member was given got into memory, from which clients had it whatever the policy said to them.
    [Fact]
    public void Judge_WhatAMemberAsksForUnderAPolicy_IsNotLetThroughToClients()
    {
        var gate = GateOf(static _ => { });
        var ask = Of(ProxyPath.ToArtifact(Module, ArtifactKind.Info));
        Assert.True(gate.Judge(ask, Record(null)).IsForAnybody);
        _policy.Take("policy: 1\nrules:\n- {name: old, match: {modules: example.com}, action: block, reason: x}\n");
        Assert.False(gate.Judge(ask, Record(null)).IsForAnybody);
        Assert.True(gate.Judge(ask, Record(null)).MayServe);
    }

    [Fact]
    public void Judge_WhatAPolicyWarnsOf_IsAllowedAndNotForMemoryWhichWouldNotWarn()
    {
        var gate = GateOf(static _ => { });
        _policy.Take("policy: 1\nrules:\n- name: old\n  match: {modules: example.com}\n  action: warn\n  text: goes in May\n");
        var ask = Of(ProxyPath.ToArtifact(Module, ArtifactKind.Info)) with { Trail = gate.NewTrail(default) };

        Assert.Equal((null, false), (gate.Judge(ask).Refusal, gate.Judge(ask, Record(null)).IsForAnybody));
        Assert.Equal([new PolicyWarning("old", "goes in May")], ask.Trail.Warnings);
    }

    // As it is stored: the proof was checked when it was.
    private static VerifiedBy By(VerificationKind kind, string authority) => new(
        kind,
        authority,
        default,
        kind == VerificationKind.NoSumPattern
            ? null
            : new(authority, 0, $"{Module.Path} {Module.Version} h1:zip\n{Module.Path} {Module.Version}/go.mod h1:mod\n", "", []));

    private static Ask Of(ProxyPath what) => new(what, new Asker(IPAddress.Loopback), AskLevel.Client, Door.Client);

    private static ModuleRecord Record(VerifiedBy? by)
    {
        var artifact = new StoredArtifact(default(Digest), 1, "test", default);
        return new() { Module = Module, ZipH1 = "h1:zip", GoModH1 = "h1:mod", VerifiedBy = by, Info = artifact, Mod = artifact, Zip = artifact };
    }

    private ModuleGate GateOf(Action<VerificationOptions> change, AccessOptions? access = null)
    {
        var options = new VerificationOptions { SumDb = SignerKey.FromSeed("sumdb.test/go", new byte[32]).Verifier.ToString()! };
        change(options);
        _rooms.Add(new VerificationRoom(options, _data));
        return Gates.Of(_rooms[^1].Verifier, _rulings, access, _policy);
    }
}
