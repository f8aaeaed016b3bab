using System.Runtime.Versioning;
using ProxyCluster.Benchmarks.Trace.Sources;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Tests.Benchmarks.Trace;

[SupportedOSPlatform("linux")]
public class RecordedTraceTests
{
    private const string Nginx =
        """10.1.2.3 - - [28/Nov/2026:19:57:20 +0100] "GET /github.com/%21burnt%21sushi/toml/@v/v1.3.2.zip HTTP/1.1" 200 123456 "-" "Go-http-client/1.1" """;

    [Fact]
    public void Nginx_CombinedLine_IsRead() => Assert.Equal(
        new LogLine(new DateTimeOffset(2026, 11, 28, 18, 57, 20, TimeSpan.Zero), "10.1.2.3", "/github.com/%21burnt%21sushi/toml/@v/v1.3.2.zip", 200, 123456),
        NginxLog.ParseOrNull(Nginx));

    [Fact]
    public void Nginx_UserAndNoReferrer_IsRead() => Assert.Equal(
        404,
        NginxLog.ParseOrNull("""::1 - build farm [28/Nov/2026:19:57:20 +0000] "GET /example.com/m/@v/v1.0.0.info HTTP/2.0" 404 - "-" "-" """)?.Status);

    [Theory]
    [InlineData("")]
    [InlineData("""10.1.2.3 - - [28/Nov/2026:19:57:20 +0100] "POST /a HTTP/1.1" 405 0 "-" "-" """)]
    [InlineData("""10.1.2.3 - - [yesterday] "GET /a HTTP/1.1" 200 0 "-" "-" """)]
    [InlineData("""10.1.2.3 - - [28/Nov/2026:19:57:20 +0100] "\x16\x03\x01" 400 157 "-" "-" """)]
    public void Nginx_AnythingElse_IsNull(string line) => Assert.Null(NginxLog.ParseOrNull(line));

    [Theory]
    [InlineData("""{"http-method":"GET","http-path":"/github.com/gorilla/mux/@v/v1.8.0.mod","http-status":"200","level":"info","msg":"incoming request","request-id":"5f3c","time":"2026-11-28T18:57:20Z"}""")]
    [InlineData("""{"http-method":"GET","http-path":"/github.com/gorilla/mux/@v/v1.8.0.mod","http-status":"\u001b[32m200\u001b[0m","message":"incoming request","request-id":"5f3c","severity":"info","timestamp":"2026-11-28T19:57:20+01:00"}""")]
    [InlineData("""time="2026-11-28T18:57:20Z" level=info msg="incoming request" http-method=GET http-path=/github.com/gorilla/mux/@v/v1.8.0.mod http-status=200 request-id=5f3c""")]
    [InlineData("""time="2026-11-28T18:57:20Z" level=info msg="incoming request" http-method=GET http-path="/github.com/gorilla/mux/@v/v1.8.0.mod" http-status="\x1b[32m200\x1b[0m" request-id=5f3c""")]
    public void Athens_LineOfARequest_IsRead(string line) => Assert.Equal(
        new LogLine(new DateTimeOffset(2026, 11, 28, 18, 57, 20, TimeSpan.Zero), "", "/github.com/gorilla/mux/@v/v1.8.0.mod", 200, null),
        AthensLog.ParseOrNull(line));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"level":"info","msg":"Starting application at port :3000","time":"2026-11-28T18:57:20Z"}""")]
    [InlineData("""time="2026-11-28T18:57:20Z" level=info msg="Starting application at port :3000" """)]
    [InlineData("""{"http-method":"GET","http-path":"/a","http-status":"200","time":"yesterday"}""")]
    public void Athens_AnythingElse_IsNull(string line) => Assert.Null(AthensLog.ParseOrNull(line));

    [Fact]
    public void Trace_LogsOfTwoRegions_GivesArtifactsServedInTheOrderOfTime()
    {
        var trace = new RecordedTrace(
            [
                ("tokyo",
                [
                    Line("20:00:05", "/example.com/m/@v/v1.0.0.zip", 200, 999),
                    Line("20:00:03", "/example.com/m/@v/list", 200, 7),
                    Line("20:00:02", "/example.com/m/@v/v1.0.0.mod", 404, 20),
                ]),
                ("frankfurt", [Line("21:00:00", "/example.com/m/@v/v1.0.0.zip", 304, 0), Line("20:00:01", "/example.com/other/@v/v1.0.0.mod", 200, 44)]),
            ],
            NginxLog.ParseOrNull);

        Assert.Equal(
            [(0U, 1, "example.com/other@v1.0.0", ArtifactKind.Mod), (4U, 0, "example.com/m@v1.0.0", ArtifactKind.Zip), (3599U, 1, "example.com/m@v1.0.0", ArtifactKind.Zip)],
            trace.Requests().Select(request => (request.Time, request.Region, trace.NameOf(request.Version), request.Kind)));
        Assert.Equal(2, trace.LeftOut);
        Assert.Equal((1, 2), (trace.Hours, trace.Versions));
        Assert.Equal([44, 999], trace.Requests().Take(2).Select(request => trace.SizeOf(request.Version, request.Kind)));
    }

    [Fact]
    public void Trace_TargetAsGoWritesIt_IsTheModuleWithCapitals()
    {
        var trace = new RecordedTrace([("tokyo", [Nginx])], NginxLog.ParseOrNull);

        Assert.Equal("github.com/BurntSushi/toml@v1.3.2", trace.NameOf(Assert.Single(trace.Requests()).Version));
    }

    private static string Line(string time, string target, int status, int bytes) =>
        $"""10.0.0.1 - - [28/Nov/2026:{time} +0000] "GET {target} HTTP/1.1" {status} {bytes} "-" "Go-http-client/1.1" """;
}
