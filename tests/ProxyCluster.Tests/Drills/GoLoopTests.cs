using ProxyCluster.Drills;

namespace ProxyCluster.Tests.Drills;

public sealed class GoLoopTests
{
    private const string Refused = "verifying module: Get \"http://a/sumdb/drill.invalid/lookup/x@v1.0.0\": connect: connection refused";

    [Theory]
    [InlineData("http://a|http://b", Refused, true)]
    [InlineData("http://a", Refused, false)]
    [InlineData("http://a|http://b", "Get \"http://b/x/@v/v1.0.0.zip\": connect: connection refused", false)]
    [InlineData("http://a|http://b", "verifying x@v1.0.0: checksum mismatch", false)]
    [InlineData("http://a|http://b", null, false)]
    public void IsStuckToMirror_OnlyWhereASecondFrontEndIsListedAndTheMirrorFailed(string list, string? why, bool expected) =>
        Assert.Equal(expected, GoLoop.IsStuckToMirror(list, why));
}
