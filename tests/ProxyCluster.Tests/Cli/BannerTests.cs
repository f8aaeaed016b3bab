using ProxyCluster.Cli;
using ProxyCluster.Configuration;

namespace ProxyCluster.Tests.Cli;

public sealed class BannerTests
{
    [Fact]
    public void Lines_Always_SayWhereWhatAndHow()
    {
        EffectiveSetting[] effective =
        [
            new("Upstreams:List", "https://***@a.example", "environment GOPROXY"),
            new("Verification:SumDb", "sum.golang.org", "default"),
            new("Storage:Data", "data", "default"),
            new("Http:BasePath", "/go/", "flag --set"),
        ];
        var text = string.Join('\n', Banner.Lines(["http://0.0.0.0:8080"], effective, "/srv"));
        Assert.Contains("listens on http://0.0.0.0:8080", text, StringComparison.Ordinal);
        Assert.Contains("https://***@a.example  (environment GOPROXY)", text, StringComparison.Ordinal);
        Assert.Contains("checksums  sum.golang.org\n", text, StringComparison.Ordinal);
        Assert.Contains("data       /srv/data\n", text, StringComparison.Ordinal);
        Assert.Contains("go env -w GOPROXY=http://localhost:8080/go\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://unix:/run/proxy.sock;http://127.0.0.1:8080", "go env -w GOPROXY=http://127.0.0.1:8080/go")]
    [InlineData("http://unix:/run/proxy.sock", "curl --unix-socket /run/proxy.sock http://localhost/go/")]
    public void Lines_UnixSocket_NameWhatAClientCanUse(string urls, string expected)
    {
        var text = string.Join('\n', Banner.Lines(urls.Split(';'), [new("Http:BasePath", "/go", "default")], "/srv"));
        Assert.Contains("http://unix:/run/proxy.sock", text.Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.DoesNotContain("GOPROXY=http://unix", text, StringComparison.Ordinal);
        Assert.Equal(urls.Contains("127.0.0.1", StringComparison.Ordinal), text.Contains("GOPROXY=", StringComparison.Ordinal));
    }

    [Fact]
    public void Lines_ChecksumDatabaseOff_SaySoLoudly() =>
        Assert.Contains(Banner.Lines(["http://localhost:1"], [new("Verification:SumDb", "off", "flag --sumdb")], "/"),
            line => line.Contains("NOT verified", StringComparison.Ordinal));
}
