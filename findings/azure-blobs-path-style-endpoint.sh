#!/usr/bin/env bash
# A blob endpoint that carries its account in the path, behind a host name.
#
# One would expect: a blob client made from an endpoint such as http://storage:18123/account/ (an emulator or a gateway in
#   a network of containers) asks for /account/container/blob, as the service and container clients made from it do.
# What happens: only where the host is an IPv4 address, or the port is one of the emulator's own (10000 and a few more), is
#   the first part of the path taken for the account. Behind any other name the blob client drops the container's name: it asks
#   for /account/blob, which is another container, while the container client made from the same endpoint still says
#   /account/container. No call fails before the server sees it.
# Version: Azure.Storage.Blobs 12.30.1 on .NET 10.0
# Date: 2026-11-28
# Source: seen by running the package; nothing is sent anywhere
#
# Run by hand; needs the .NET SDK and a NuGet source. Exit code 0: it is still so.
set -eu -o pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >finding.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageReference Include="Azure.Storage.Blobs" Version="12.30.1" /></ItemGroup>
</Project>
XML
cat >Program.cs <<'CS'
using System;
using Azure.Storage.Blobs;

foreach (var host in new[] { "127.0.0.1:18123", "storage:10000", "storage:18123", "[::1]:18123" })
{
    var service = new BlobServiceClient($"AccountName=account;AccountKey=a2V5;BlobEndpoint=http://{host}/account");
    var container = service.GetBlobContainerClient("container");
    Console.WriteLine($"{host}: container {container.Uri.AbsolutePath}, blob {container.GetBlobClient("blob").Uri.AbsolutePath}");
}
CS
timeout 600 dotnet run --verbosity quiet >output
cat output
diff - output <<'EXPECTED'
127.0.0.1:18123: container /account/container, blob /account/container/blob
storage:10000: container /account/container, blob /account/container/blob
storage:18123: container /account/container, blob /account/blob
[::1]:18123: container /account/container, blob /account/blob
EXPECTED
echo "still so"
