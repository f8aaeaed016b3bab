using System.Globalization;
using System.Text;

namespace ProxyCluster.Tests.Silo;

/// <summary>What comes back, byte for byte. A class of its own, because those that count misses must be the first to ask.</summary>
public class BodyTests(FilledSilo filled) : IClassFixture<FilledSilo>
{
    [Fact]
    public async Task Get_OfArtifacts_GivesTheUpstreamsBytes()
    {
        foreach (var module in FilledSilo.All)
        {
            Assert.Equal(module.Info, (await filled.Silo.GetAsync(module.Stem + ".info")).Body);
            Assert.Equal(module.GoMod, (await filled.Silo.GetAsync(module.Stem + ".mod")).Body);
            Assert.Equal(module.Zip, (await filled.Silo.GetAsync(module.Stem + ".zip")).Body);
        }
    }

    [Theory]
    [InlineData("/example.com/lib/@v/list", "v1.0.0\nv1.2.0\n")] // ascending, and no pseudo-versions
    [InlineData("/example.com/untagged/@v/list", "")]
    [InlineData("/github.com/!azure/!thing/@v/list", "v1.0.0-RC1\n")] // nothing is escaped in a body
    [InlineData("/example.com/lib/@latest", """{"Version":"v1.2.0","Time":"2024-01-02T03:04:05Z"}""")]
    [InlineData("/example.com/prefixed/@v/v1.4.info", """{"Version":"v1.4.2","Time":"2024-01-02T03:04:05Z"}""")]
    [InlineData("/example.com/lib/@v/abcdef012345.info", """{"Version":"v1.2.0","Time":"2024-01-02T03:04:05Z"}""")]
    public async Task Get_OfAQuery_GivesItsAnswer(string path, string body) =>
        Assert.Equal(body, (await filled.Silo.GetAsync(path)).Text);

    [Theory]
    [InlineData("lookup/example.org/!mod@v1.5.0")]
    [InlineData("tile/8/0/000")]
    [InlineData("tile/8/0/002.p/3")]
    [InlineData("tile/8/1/000.p/2")]
    [InlineData("tile/8/data/002.p/30")]
    public async Task Get_BelowSumdb_GivesTheDatabasesBytes(string path) =>
        Assert.Equal(
            await filled.Silo.Database.BytesAsync(path),
            (await filled.Silo.GetAsync("/sumdb/sumdb.test/go/" + path)).Body);

    [Fact]
    public async Task Get_WithWhatGoSends_IsServedAsIs()
    {
        // go asks for gzip; a zip must not be wrapped in it, or its length would be hidden.
        var answer = await filled.Silo.GetAsync(
            FilledSilo.Lib.Stem + ".zip", "User-Agent: Go-http-client/1.1", "Accept-Encoding: gzip");
        Assert.Equal(FilledSilo.Lib.Zip, answer.Body);
        Assert.Null(answer["Content-Encoding"]);
    }

    [Fact]
    public async Task Connection_WithPipelinedRequests_AnswersInOrder()
    {
        using var connection = await RawConnection.OpenAsync(filled.Silo.Address);
        var stems = FilledSilo.All.Select(module => module.Stem).ToList();
        var all = new StringBuilder();
        foreach (var stem in stems)
            all.Append(RawConnection.Head("GET", stem + ".mod")).Append(RawConnection.Head("HEAD", stem + ".zip"));
        await connection.SendAsync(all.ToString());
        foreach (var module in FilledSilo.All)
        {
            Assert.Equal(module.GoMod, (await connection.ReadAnswerAsync()).Body);
            Assert.Equal(module.Zip.Length.ToString(CultureInfo.InvariantCulture), (await connection.ReadAnswerAsync(toHead: true))["Content-Length"]);
        }
    }

    [Fact]
    public async Task Connection_ThatAsksToBeClosed_IsClosedAfterTheAnswer()
    {
        using var connection = await RawConnection.OpenAsync(filled.Silo.Address);
        var answer = await connection.AskAsync("GET", FilledSilo.Lib.Stem + ".mod", "Connection: close");
        Assert.Equal(FilledSilo.Lib.GoMod, answer.Body);
        Assert.Equal((0, true), await connection.ReadToEndAsync());
    }
}
