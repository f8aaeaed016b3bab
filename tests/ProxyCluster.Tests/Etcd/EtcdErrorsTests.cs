using System.Text;
using ProxyCluster.Etcd;

namespace ProxyCluster.Tests.Etcd;

/// <summary>What etcd 3.4.23's gateway really answers, and what a stranger in its place may.</summary>
public sealed class EtcdErrorsTests
{
    private static readonly Uri Endpoint = new("http://etcd:2379");

    [Theory]
    [InlineData(401, """{"error":"etcdserver: invalid auth token","message":"etcdserver: invalid auth token","code":16}""", EtcdErrorKind.Unauthenticated)]
    [InlineData(400, """{"error":"etcdserver: user name is empty","message":"etcdserver: user name is empty","code":3}""", EtcdErrorKind.Unauthenticated)]
    [InlineData(403, """{"error":"etcdserver: permission denied","message":"etcdserver: permission denied","code":7}""", EtcdErrorKind.PermissionDenied)]
    [InlineData(503, """{"error":"etcdserver: no leader","message":"etcdserver: no leader","code":14}""", EtcdErrorKind.Unreachable)]
    [InlineData(429, """{"error":"etcdserver: mvcc: database space exceeded","message":"etcdserver: mvcc: database space exceeded","code":8}""", EtcdErrorKind.Rejected)]
    [InlineData(502, "<html>Bad Gateway</html>", EtcdErrorKind.Unreachable)]
    [InlineData(404, "", EtcdErrorKind.Rejected)]
    [InlineData(500, "[]", EtcdErrorKind.Unreachable)]
    [InlineData(400, """{"error":7,"message":null,"code":"3"}""", EtcdErrorKind.Rejected)]
    [InlineData(400, """{"code":3.5}""", EtcdErrorKind.Rejected)]
    internal void FromAnswer_Body_TellsWhatToDo(int status, string body, EtcdErrorKind expected)
    {
        var error = EtcdErrors.FromAnswer(Endpoint, status, Encoding.UTF8.GetBytes(body));

        Assert.Equal(expected, error.Kind);
        Assert.Contains("http://etcd:2379", error.Message, StringComparison.Ordinal);
    }
}
