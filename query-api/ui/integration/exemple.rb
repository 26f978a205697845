# app/validators/organisation_validator.rb : validates :organisation, organisation: true
require "net/http"
require "json"

class OrganisationValidator < ActiveModel::EachValidator
  REGISTRE = "https://registre.example"
  ACCEPTES = %w[trouve diffusion_partielle].freeze

  def validate_each(record, attribute, saisi)
    reponse = demander(saisi.to_s)
    record.resultat = reponse ? reponse["resultat"] : "non_verifie"
    return if reponse.nil?

    if ACCEPTES.include?(reponse["resultat"])
      record[attribute] = reponse.dig("identifiant", "valeur")
    else
      record.errors.add(attribute, reponse["message"])
    end
  end

  private

  # 400 et 404 sont aussi des réponses. nil : personne n'a pu dire, à revérifier plus tard.
  def demander(saisi)
    uri = URI("#{REGISTRE}/v1/organisations/#{ERB::Util.url_encode(saisi)}")
    http = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https", open_timeout: 2, read_timeout: 5)
    reponse = JSON.parse(http.get(uri.request_uri, "Accept" => "application/json").body)
    reponse if reponse["resultat"]
  rescue SystemCallError, SocketError, IOError, Timeout::Error, OpenSSL::SSL::SSLError, JSON::ParserError
    nil
  ensure
    http&.finish
  end
end
