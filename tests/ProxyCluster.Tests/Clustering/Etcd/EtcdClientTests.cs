using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Etcd;
using ProxyCluster.TestKit.Etcd;

namespace ProxyCluster.Tests.Clustering.Etcd;

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
        var lease = Value(await client.GrantLeaseAsync(TimeSpan.FromSeconds(60), Cancel));
        Assert.Equal(60, lease.Ttl);

        var put = Value(await client.PutAsync("/k"u8.ToArray(), "v"u8.ToArray(), lease.Id, Cancel));
        var read = Assert.Single(Value(await client.RangeAsync(new EtcdRangeRequest("/k"u8.ToArray()), null, Cancel)).KeyValues);
        Assert.Equal(("v", put.Header.Revision, lease.Id), (EtcdKeys.Text(read.Value!), read.ModRevision, read.Lease));
        Assert.Empty(Value(await client.RangeAsync(new EtcdRangeRequest("/none"u8.ToArray()), null, Cancel)).KeyValues);

        var failed = Value(await client.TxnAsync(Create("/k"), Cancel));
        Assert.False(failed.Succeeded);
        Assert.Equal(put.Header.Revision, failed.ReadOrNull(0)!.CreateRevision);
        Assert.True(Value(await client.TxnAsync(Create("/new"), Cancel)).Succeeded);

        Assert.Equal(60, Value(await client.KeepLeaseAsync(lease.Id, Cancel)).Ttl);
        Value(await client.RevokeLeaseAsync(lease.Id, Cancel));
        Assert.Empty(Value(await client.RangeAsync(new EtcdRangeRequest("/k"u8.ToArray()), null, Cancel)).KeyValues);
        Assert.Equal(EtcdErrorKind.LeaseNotFound, (await client.KeepLeaseAsync(lease.Id, Cancel)).Error!.Kind);
        Assert.Equal(EtcdErrorKind.LeaseNotFound, (await client.PutAsync("/k"u8.ToArray(), [], lease.Id, Cancel)).Error!.Kind);
        Assert.NotEqual(0UL, Value(await client.StatusAsync(etcd.ClientUrl, Cancel)).Leader);
    }

    [Fact]
    public async Task Watch_PutsDeletesSilenceAndDeath_AreTold()
    {
        await using var etcd = new EtcdProcess();
        await etcd.StartAsync();
        using var client = Client([etcd.ClientUrl]);
        var first = Value(await client.PutAsync("/a/1"u8.ToArray(), "one"u8.ToArray(), 0, Cancel)).Header.Revision;
        var lease = Value(await client.GrantLeaseAsync(TimeSpan.FromSeconds(60), Cancel));

        // From the past, so the first line tells what was missed.
        using var watch = Value(await client.WatchAsync("/a/"u8.ToArray(), "/a0"u8.ToArray(), first, etcd.ClientUrl, Cancel));
        var missed = await watch.ReadAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.Equal((EtcdWatchNews.Events, first), (missed.News, missed.Revision));
        Assert.Equal(EtcdWatchNews.Silence, (await watch.ReadAsync(TimeSpan.FromMilliseconds(50), Cancel)).News);

        await client.PutAsync("/a/2"u8.ToArray(), "two"u8.ToArray(), lease.Id, Cancel);
        var put = Assert.Single((await watch.ReadAsync(TimeSpan.FromSeconds(30), Cancel)).Events!);
        Assert.Equal(("/a/2", "two", false), (EtcdKeys.Text(put.Kv.Key), EtcdKeys.Text(put.Kv.Value!), put.IsDelete));
        await client.RevokeLeaseAsync(lease.Id, Cancel);
        var delete = Assert.Single((await watch.ReadAsync(TimeSpan.FromSeconds(30), Cancel)).Events!);
        Assert.Equal(("/a/2", true), (EtcdKeys.Text(delete.Kv.Key), delete.IsDelete));

        await etcd.KillAsync();
        var end = await watch.ReadAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.Equal((EtcdWatchNews.Broken, EtcdErrorKind.Unreachable), (end.News, end.Error!.Kind));
    }

    [Fact]
    public async Task Call_NothingListens_UnreachableNamesTheEndpoint()
    {
        using var client = Client([new Uri("http://127.0.0.1:1")]);

        var error = (await client.GrantLeaseAsync(TimeSpan.FromSeconds(3), Cancel)).Error!;

        Assert.Equal(EtcdErrorKind.Unreachable, error.Kind);
        Assert.Contains("http://127.0.0.1:1 ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_Cancelled_Throws()
    {
        using var client = Client([new Uri("http://127.0.0.1:1")]);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GrantLeaseAsync(TimeSpan.FromSeconds(3), new CancellationToken(true)));
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
            var granted = await right.GrantLeaseAsync(TimeSpan.FromSeconds(60), Cancel);
            Assert.True(granted.Error is null, granted.Error?.Message);

            using var noCertificate = Client([etcd.ClientUrl], options => options.CaFile = ca);
            Assert.Equal(EtcdErrorKind.Unreachable, (await noCertificate.GrantLeaseAsync(TimeSpan.FromSeconds(60), Cancel)).Error!.Kind);

            using var noAuthority = Client([etcd.ClientUrl], options => (options.CertFile, options.KeyFile) = (cert, key));
            Assert.Equal(EtcdErrorKind.Unreachable, (await noAuthority.GrantLeaseAsync(TimeSpan.FromSeconds(60), Cancel)).Error!.Kind);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static EtcdClient Client(Uri[] endpoints, Action<EtcdOptions>? configure = null)
    {
        var options = EtcdSite.OptionsFor(endpoints).Etcd;
        // Cold processes on a busy machine; the test of a frozen endpoint pays it once.
        options.CallTimeout = TimeSpan.FromSeconds(5);
        configure?.Invoke(options);
        return new EtcdClient(options, TimeProvider.System, EtcdTransport.Create(options));
    }

    private static EtcdTxnRequest Create(string key) => new(
        [EtcdCompare.Created(EtcdKeys.Bytes(key), 0)],
        [new EtcdRequestOp(new EtcdPutRequest(EtcdKeys.Bytes(key), [], 0))],
        [new EtcdRequestOp(RequestRange: new EtcdRangeRequest(EtcdKeys.Bytes(key)))]);

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
