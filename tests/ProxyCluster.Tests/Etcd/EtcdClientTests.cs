using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ProxyCluster.Etcd;
using ProxyCluster.TestKit.Etcd;

namespace ProxyCluster.Tests.Etcd;

/// <summary>The client against a real etcd.</summary>
public sealed class EtcdClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_OnARealEtcd_DoWhatTheySay()
    {
        await using var etcd = new EtcdProcess();
        await etcd.StartAsync();
        using var client = Client([etcd.ClientUrl]);
        Assert.Empty(await ReadAsync(client, "/k"));

        var created = Value(await client.TxnAsync(Create("/k", "v"), Cancel));
        Assert.True(created.Succeeded);
        var read = Assert.Single(await ReadAsync(client, "/k"));
        Assert.Equal(("v", created.Header.Revision), (EtcdKeys.Text(read.Value!), read.ModRevision));

        var refused = Value(await client.TxnAsync(Create("/k", "w"), Cancel));
        Assert.False(refused.Succeeded);
        Assert.Equal(created.Header.Revision, refused.ReadOrNull(0)!.ModRevision);

        var deleted = new EtcdTxnRequest([EtcdCompare.Exists(EtcdKeys.Bytes("/k"))], [EtcdRequestOp.Delete(EtcdKeys.Bytes("/k"))], []);
        Assert.True(Value(await client.TxnAsync(deleted, Cancel)).Succeeded);
        Assert.False(Value(await client.TxnAsync(deleted, Cancel)).Succeeded);

        foreach (var key in new[] { "/a/1", "/a/2", "/a0" })
            Value(await client.TxnAsync(Create(key, ""), Cancel));
        Value(await client.DeleteAsync(new EtcdDeleteRequest(EtcdKeys.Bytes("/a/"), EtcdKeys.EndOf("/a/")), Cancel));
        Assert.Empty(await ReadAsync(client, "/a/1"));
        Assert.Single(await ReadAsync(client, "/a0"));
    }

    [Fact]
    public async Task Auth_UserWithARole_WorksWithinItAndAfterTheTokenIsForgotten()
    {
        await using var etcd = new EtcdProcess();
        await etcd.StartAsync();
        await AdministerAsync(etcd, "user/add", """{"name":"root","password":"r"}""");
        await AdministerAsync(etcd, "user/grant", """{"user":"root","role":"root"}""");
        await AdministerAsync(etcd, "user/add", """{"name":"silos","password":"p"}""");
        await AdministerAsync(etcd, "role/add", """{"name":"silos"}""");
        await AdministerAsync(etcd, "role/grant", """{"name":"silos","perm":{"permType":"READWRITE","key":"L29ybGVhbnMv","range_end":"L29ybGVhbnMw"}}""");
        await AdministerAsync(etcd, "user/grant", """{"user":"silos","role":"silos"}""");
        await AdministerAsync(etcd, "enable", "{}");

        using var right = Client([etcd.ClientUrl], static options => (options.User, options.Password) = ("silos", "p"));
        Assert.True(Value(await right.TxnAsync(Create("/orleans/k", "v"), Cancel)).Succeeded);
        Assert.Equal(EtcdErrorKind.PermissionDenied, (await right.TxnAsync(Create("/k", "v"), Cancel)).Error!.Kind);

        // Its tokens are in its memory alone.
        await etcd.KillAsync();
        await etcd.StartAsync();
        Assert.Single(await ReadAsync(right, "/orleans/k"));

        using var nobody = Client([etcd.ClientUrl]);
        Assert.Equal(EtcdErrorKind.Unauthenticated, (await nobody.TxnAsync(Create("/orleans/l", "v"), Cancel)).Error!.Kind);
        using var wrong = Client([etcd.ClientUrl], static options => (options.User, options.Password) = ("silos", "q"));
        Assert.NotNull((await wrong.TxnAsync(Create("/orleans/l", "v"), Cancel)).Error);
    }

    [Fact]
    public async Task Call_NothingListens_UnreachableNamesTheEndpoint()
    {
        using var client = Client([new Uri("http://127.0.0.1:1")]);

        var error = (await client.TxnAsync(Create("/k", ""), Cancel)).Error!;

        Assert.Equal(EtcdErrorKind.Unreachable, error.Kind);
        Assert.Contains("http://127.0.0.1:1 ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_Cancelled_Throws()
    {
        using var client = Client([new Uri("http://127.0.0.1:1")]);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.TxnAsync(Create("/k", ""), new CancellationToken(true)));
    }

    [Fact]
    public async Task Tls_OwnAuthorityAndClientCertificate_WorksAndIsDemanded()
    {
        var directory = Directory.CreateTempSubdirectory("proxycluster-tls-");
        try
        {
            var (ca, cert, key) = WriteCertificates(directory.FullName);
            await using var etcd = new EtcdProcess("tls", ["--cert-file", cert, "--key-file", key, "--trusted-ca-file", ca, "--client-cert-auth"], "https");
            await etcd.StartAsync();

            using var right = Client([etcd.ClientUrl], options => (options.CaFile, options.CertFile, options.KeyFile) = (ca, cert, key));
            var created = await right.TxnAsync(Create("/k", ""), Cancel);
            Assert.True(created.Error is null, created.Error?.Message);

            using var noCertificate = Client([etcd.ClientUrl], options => options.CaFile = ca);
            Assert.Equal(EtcdErrorKind.Unreachable, (await noCertificate.TxnAsync(Create("/k", ""), Cancel)).Error!.Kind);

            using var noAuthority = Client([etcd.ClientUrl], options => (options.CertFile, options.KeyFile) = (cert, key));
            Assert.Equal(EtcdErrorKind.Unreachable, (await noAuthority.TxnAsync(Create("/k", ""), Cancel)).Error!.Kind);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static EtcdClient Client(Uri[] endpoints, Action<EtcdOptions>? configure = null)
    {
        // Cold processes on a busy machine.
        var options = new EtcdOptions { Endpoints = [.. endpoints], CallTimeout = TimeSpan.FromSeconds(5) };
        configure?.Invoke(options);
        return new EtcdClient(options, TimeProvider.System, EtcdTransport.Create(options));
    }

    private static EtcdTxnRequest Create(string key, string value) => new(
        [EtcdCompare.Modified(EtcdKeys.Bytes(key), 0)],
        [EtcdRequestOp.Put(EtcdKeys.Bytes(key), EtcdKeys.Bytes(value))],
        [EtcdRequestOp.Read(EtcdKeys.Bytes(key))]);

    private static async Task<EtcdKeyValue[]> ReadAsync(EtcdClient client, string key) =>
        Value(await client.RangeAsync(new EtcdRangeRequest(EtcdKeys.Bytes(key)), Cancel)).KeyValues;

    private static async Task AdministerAsync(EtcdProcess etcd, string what, string body)
    {
        using var http = new HttpClient();
        using var content = new StringContent(body);
        using var answer = await http.PostAsync(new Uri(etcd.ClientUrl, "/v3/auth/" + what), content, Cancel);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    private static T Value<T>(EtcdResult<T> result)
        where T : notnull
    {
        Assert.True(result.TryGet(out var value, out var error), error?.Message);
        return value!;
    }

    /// <summary>An authority and one certificate for both ends: etcd's gateway calls etcd itself with the server's.</summary>
    private static (string Ca, string Cert, string Key) WriteCertificates(string directory)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var caRequest = new CertificateRequest("CN=test authority", caKey, HashAlgorithmName.SHA256);
        caRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var ca = caRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=etcd", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        using var cert = request.Create(ca, now.AddDays(-1), now.AddDays(1), [1, 2, 3]);

        return (Write("ca.pem", ca.ExportCertificatePem()), Write("cert.pem", cert.ExportCertificatePem()), Write("key.pem", key.ExportECPrivateKeyPem()));

        string Write(string name, string pem)
        {
            var path = Path.Combine(directory, name);
            File.WriteAllText(path, pem);
            return path;
        }
    }
}
