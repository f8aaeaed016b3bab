using System.Text.RegularExpressions;
using ProxyCluster.Storage.Blobs;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Infra;

/// <summary>The compose file as far as it can be checked without an engine that runs it.</summary>
public sealed partial class ComposeTests
{
    private static readonly string[] Regions = ["tokyo", "frankfurt", "sanjose"];

    // Docker Hub's names have no dot in front of the first slash.
    private static readonly string[] ImageHosts = ["mcr.microsoft.com", "quay.io"];

    private static readonly ComposeFile Compose = ComposeFile.Instance;

    [Fact]
    public void File_EveryKey_IsOneThatComposeKnows()
    {
        string[] top = ["name", "services", "volumes", "secrets", "networks", "configs"];
        string[] service =
        [
            "image", "build", "command", "entrypoint", "environment", "ports", "expose", "volumes", "secrets", "depends_on", "healthcheck",
            "restart", "networks", "user", "stop_grace_period", "configs", "profiles", "env_file",
        ];
        string[] healthCheck = ["test", "interval", "timeout", "retries", "start_period"];

        Assert.All(Compose.Root.Keys, key => Assert.True(key.StartsWith("x-", StringComparison.Ordinal) || top.Contains(key), key));
        Assert.All(Compose.Services.Values, it =>
        {
            Assert.Subset(service.ToHashSet(), it.Node.Keys.ToHashSet());
            Assert.NotNull(it.TextOrNull("image"));
            if (it.HasHealthCheck)
                Assert.Subset(healthCheck.ToHashSet(), ComposeFile.Map(it.Node["healthcheck"]).Keys.ToHashSet());
        });
    }

    [Fact]
    public void Topology_EveryRegion_HasAFrontEndTwoSilosEtcdAndABlobStore()
    {
        foreach (var region in Regions)
        {
            var members = Compose.Members.Where(member => member.FlagOrNull("--region") == region).ToList();
            Assert.Single(members, member => member.FlagOrNull("--role") == "frontend");
            Assert.Equal(2, members.Count(member => member.FlagOrNull("--role") == "silo"));
            Assert.Contains($"etcd-{region}", Compose.Services.Keys);
            Assert.Contains($"azurite-{region}", Compose.Services.Keys);
        }

        Assert.Equal(3 * Regions.Length, Compose.Members.Count());
        Assert.Superset(new HashSet<string> { "otel-collector", "prometheus", "grafana" }, Compose.Services.Keys.ToHashSet());
    }

    [Fact]
    public void Ports_OnTheHost_AreUniqueAndOnLoopbackOnly()
    {
        var ports = Compose.Services.Values.SelectMany(service => service.Ports).ToList();

        Assert.All(ports, port => Assert.Matches(@"^127\.0\.0\.1:\d+:\d+$", port));
        foreach (var profile in ComposeFile.Stores)
        {
            var host = Compose.Services.Values.Where(service => (service.Profile ?? profile) == profile)
                .SelectMany(service => service.Ports).Select(port => port.Split(':')[1]).ToList();
            Assert.Equal(host.Distinct(), host);
        }

        Assert.All(Compose.Members, member => Assert.Equal(member.FlagOrNull("--role") == "frontend", member.Ports.Count == 1));
    }

    [Fact]
    public void Dependencies_EveryName_ExistsAndCanBecomeWhatIsWaitedFor()
    {
        Assert.All(Compose.Services.Values.SelectMany(service => service.DependsOn), dependency =>
        {
            Assert.True(Compose.Services.TryGetValue(dependency.Service, out var other), dependency.Service);
            Assert.Contains(dependency.Condition, (string[])["service_started", "service_healthy"]);
            Assert.True(dependency.Condition == "service_started" || other.HasHealthCheck, $"{dependency.Service} has no health check");
        });
        Assert.All(Compose.Members, member => Assert.Superset(
            Regions.Select(region => "etcd-" + region).ToHashSet(), member.DependsOn.Select(dependency => dependency.Service).ToHashSet()));
    }

    [Fact]
    public void Mounts_EverySource_IsADeclaredVolumeOrAFileOfTheRepository()
    {
        var mounts = Compose.Services.Values.SelectMany(service => service.Mounts).ToList();
        var volumes = mounts.Select(mount => mount.Source).Where(source => !source.StartsWith('.')).ToList();

        Assert.Equal(Compose.Declared("volumes").Order(StringComparer.Ordinal), volumes.Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(volumes.Distinct(), volumes);
        Assert.All(mounts.Where(mount => mount.Source.StartsWith('.')), mount => Assert.True(
            Path.Exists(Path.Combine(Repository.Root, mount.Source)), mount.Source));
    }

    [Fact]
    public void Secrets_EveryMember_MountsTheOneThatItReads()
    {
        Assert.All(Compose.Members, member =>
        {
            var secret = Assert.Single(member.Secrets);
            Assert.Contains(secret, Compose.Declared("secrets"));
            Assert.Equal("/run/secrets/" + secret, member.Environment["PROXYCLUSTER_CLUSTER__SECRETFILE"]);
        });
    }

    [Fact]
    public void Addresses_OfOtherServices_NameServicesThatExist()
    {
        var texts = Compose.Services.Values.SelectMany(service => service.Command.Concat(service.Environment.Values)).ToList();
        var hosts = texts.SelectMany(text => Url().Matches(text)).Select(match => match.Groups[1].Value).Where(host => host != "0.0.0.0").ToList();

        Assert.NotEmpty(hosts);
        Assert.All(hosts, host => Assert.Contains(host, Compose.Services.Keys));
        Assert.All(Compose.Members, member => Assert.Equal($"http://{member.Name}:8080", member.FlagOrNull("--advertise")));
    }

    [Fact]
    public void Silos_OfARegion_ShareItsOwnBlobStoreAndWaitForIt()
    {
        var silos = Compose.Members.Where(member => member.FlagOrNull("--role") == "silo").ToList();

        Assert.Equal(2 * Regions.Length, silos.Count);
        Assert.All(silos, silo =>
        {
            var azurite = "azurite-" + silo.FlagOrNull("--region");
            var options = new BlobStoreOptions { ConnectionString = silo.Environment["PROXYCLUSTER_STORAGE__BLOB__CONNECTIONSTRING"] };
            Assert.True(BlobLocation.TryParse(options, out var location, out var error), error);
            Assert.Equal($"http://{azurite}:10000/devstoreaccount1/modules", location.Container.AbsoluteUri);
            Assert.Contains((azurite, "service_healthy"), silo.DependsOn);
        });
    }

    [Fact]
    public void Etcd_EveryMember_NamesTheSameThreePeers()
    {
        var etcd = Compose.Services.Values.Where(service => service.Name.StartsWith("etcd-", StringComparison.Ordinal)).ToList();
        var expected = "--initial-cluster=" + string.Join(',', etcd.Select(member => $"{member.Name}=http://{member.Name}:2380"));

        Assert.Equal(3, etcd.Count);
        Assert.All(etcd, member => Assert.Contains(expected, member.Command));
        Assert.All(etcd, member => Assert.Contains("--name=" + member.Name, member.Command));
    }

    [Fact]
    public void Images_OfComposeAndDockerfile_ArePinnedAndFromUsualPlaces()
    {
        var dockerfile = File.ReadAllText(Path.Combine(Repository.Root, "infra", "docker", "Dockerfile"));
        var bases = From().Matches(dockerfile).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(2, bases.Count);

        var images = Compose.Services.Values.Except(Compose.Members).Select(service => service.TextOrNull("image")!).Concat(bases);
        Assert.All(images, image =>
        {
            Assert.Matches(@":v?\d+\.\d+", image);
            var host = image.Contains('/', StringComparison.Ordinal) ? image.Split('/')[0] : ""; // "redis:7.4" names no host
            Assert.True(!host.Contains('.', StringComparison.Ordinal) || ImageHosts.Contains(host), image);
        });
    }

    [Fact]
    public void Dockerfile_WhatItCopies_IsInTheRepository()
    {
        var dockerfile = File.ReadAllLines(Path.Combine(Repository.Root, "infra", "docker", "Dockerfile"));
        var sources = dockerfile.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ')[1..^1]).ToList();

        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.True(Path.Exists(Path.Combine(Repository.Root, source)), source));
        // What MSBuild takes from the root by itself is missed by nobody until the image is built.
        Assert.Superset(
            Directory.EnumerateFiles(Repository.Root, "Directory.*").Append("global.json").Select(Path.GetFileName).ToHashSet(), sources.ToHashSet<string?>());
        Assert.Contains("ENTRYPOINT [\"dotnet\", \"proxycluster.dll\"]", dockerfile);
        Assert.All(Compose.Members, member => Assert.Equal(
            "infra/docker/Dockerfile", ComposeFile.Map(member.Node["build"])["dockerfile"]));
    }

    [Fact]
    public void Stores_OfEveryProfile_AreServicesOfIt()
    {
        Assert.Equal("COMPOSE_PROFILES=etcd", File.ReadAllLines(Path.Combine(Repository.Root, ".env"))[^1]);
        Assert.All(Compose.Members, static member =>
        {
            Assert.Null(member.Profile);
            Assert.Equal(["infra/docker/stores/${COMPOSE_PROFILES:-etcd}.env"], ComposeFile.Texts(member.Node["env_file"]));
        });
        foreach (var profile in ComposeFile.Stores)
        {
            var hosts = StoreHost().Matches(ComposeFile.StoreOf(profile).Value).Select(match => match.Groups[1].Value).Distinct().ToList();
            Assert.NotEmpty(hosts);
            Assert.All(hosts, host => Assert.Equal(profile, Compose.Services[host].Profile));
            Assert.All(Compose.Members, member => Assert.Superset(hosts.ToHashSet(), member.DependsOn.Select(dependency => dependency.Service).ToHashSet()));
        }

        Assert.Equal(
            ComposeFile.Stores.Order(StringComparer.Ordinal),
            Compose.Services.Values.Select(service => service.Profile).OfType<string>().Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void SiloPort_OfTheImage_IsExposedAndNeverPublished()
    {
        Assert.Contains("EXPOSE 8080 11111", File.ReadAllLines(Path.Combine(Repository.Root, "infra", "docker", "Dockerfile")));
        Assert.All(Compose.Services.Values.SelectMany(service => service.Ports), port => Assert.DoesNotContain("11111", port, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"http://([^:/,;]+)")]
    private static partial Regex Url();

    [GeneratedRegex(@"(?:[/,=])([a-z-]+):\d+")]
    private static partial Regex StoreHost();

    [GeneratedRegex(@"^FROM (\S+)", RegexOptions.Multiline)]
    private static partial Regex From();
}
