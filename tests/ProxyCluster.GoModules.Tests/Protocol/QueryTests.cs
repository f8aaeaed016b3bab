using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;

namespace ProxyCluster.GoModules.Tests.Protocol;

public class QueryTests
{
    private static readonly ModulePath Module = ModulePath.Parse("github.com/Azure/x");

    [Theory]
    [InlineData(QueryKind.List, "", "github.com/!azure/x/@v/list", "github.com/Azure/x/@v/list", "list")]
    [InlineData(QueryKind.Latest, "", "github.com/!azure/x/@latest", "github.com/Azure/x/@latest", "latest")]
    [InlineData(QueryKind.Revision, "Main", "github.com/!azure/x/@v/!main.info", "github.com/Azure/x/@v/!main.info", "info")]
    [InlineData(QueryKind.Revision, "list", "github.com/!azure/x/@v/list.info", "github.com/Azure/x/@v/list.info", "info")]
    public void Query_IsNamedForUrlsPeopleAndMetrics(QueryKind kind, string revision, string key, string text, string label)
    {
        var query = new Query(Module, kind, revision);
        Assert.Equal((key, text, label, label), (query.Key, query.ToString(), query.Label, Query.LabelOf(query.Key)));
    }

    [Theory]
    [InlineData(QueryKind.List, "anything", null)]
    [InlineData(QueryKind.Latest, """{"Version":"v1.2.3"}""", null)]
    [InlineData(QueryKind.Revision, """{"Version":"v1.2.4-0.20240102030405-abcdef012345"}""", null)]
    [InlineData(QueryKind.Latest, """{"Version":"main"}""", "main")] // JSON, but not of a version
    [InlineData(QueryKind.Revision, """{"Version":"v2.0.0"}""", "v2.0.0")] // not of this module
    [InlineData(QueryKind.Revision, "<html>", "")]
    public void Body_ThatCannotBeTheAnswer_IsSaidToBeNone(QueryKind kind, string body, string? names)
    {
        var fault = new Query(Module, kind, "main").FaultOrNull(Encoding.UTF8.GetBytes(body));
        Assert.Equal(names is null, fault is null);
        if (names is not null)
            Assert.Contains(names, fault, StringComparison.Ordinal);
    }
}
