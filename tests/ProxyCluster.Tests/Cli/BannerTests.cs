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

    [Fact]
    public void Lines_ChecksumDatabaseOff_SaySoLoudly() =>
        Assert.Contains(Banner.Lines(["http://localhost:1"], [new("Verification:SumDb", "off", "flag --sumdb")], "/"),
            line => line.Contains("NOT verified", StringComparison.Ordinal));
}
