using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Queries;

namespace ProxyCluster.Tests.Queries;

public class QueryMergeTests
{
    private static readonly ModulePath Module = ModulePath.Parse("example.com/a");

    [Fact]
    public void List_FromUpstream_IsSortedAndRidOfPseudoVersionsAndJunk()
    {
        var merged = Merge(QueryKind.List, null, "v1.10.0\nv1.2.0\nmaster\nv0.0.0-20200101000000-abcdefabcdef\nv1.2.0-rc.1 2020-01-01T00:00:00Z\n");
        Assert.Equal("v1.2.0-rc.1\nv1.2.0\nv1.10.0\n", merged);
    }

    [Fact]
    public void List_LaggingReplica_DoesNotMakeAVersionVanish() =>
        Assert.Equal("v1.0.0\nv1.1.0\nv1.2.0\n", Merge(QueryKind.List, "v1.0.0\nv1.1.0\n", "v1.0.0\nv1.2.0\n"));

    [Fact]
    public void List_WithIncompatibleVersions_KeepsThem() =>
        Assert.Equal("v1.0.0\nv2.0.0+incompatible\n", Merge(QueryKind.List, null, "v2.0.0+incompatible\nv1.0.0\nv3.0.0\n"));

    [Theory]
    [InlineData("v1.1.0", "v1.0.0", "v1.1.0")]
    [InlineData("v1.0.0", "v1.1.0", "v1.1.0")]
    [InlineData("v2.0.0-rc.1", "v1.0.0", "v1.0.0")] // a release is later than any prerelease
    [InlineData("v1.0.0", "v2.0.0-rc.1", "v1.0.0")]
    public void Latest_TwoAnswers_KeepsTheLater(string known, string fresh, string expected) =>
        Assert.Contains($"\"{expected}\"", Merge(QueryKind.Latest, Info(known), Info(fresh)), StringComparison.Ordinal);

    [Fact]
    public void Revision_BranchWasReset_FollowsUpstream() =>
        Assert.Contains("v1.0.0", Merge(QueryKind.Revision, Info("v1.1.0"), Info("v1.0.0")), StringComparison.Ordinal);

    private static string Info(string version) => $"{{\"Version\":\"{version}\"}}";

    private static string Merge(QueryKind kind, string? known, string fresh) => Encoding.UTF8.GetString(QueryMerge.Merge(
        new Query(Module, kind, kind == QueryKind.Revision ? "main" : ""),
        known is null ? null : new QueryAnswer(Encoding.UTF8.GetBytes(known), default, "test", null, null),
        Encoding.UTF8.GetBytes(fresh)));
}
